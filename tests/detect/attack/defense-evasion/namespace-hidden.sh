# title: A process hides in a mount namespace where its program is another
# technique: T1564
# needs: unshare

cp /bin/sleep /tmp/s
unshare --mount sh -c 'mount --bind /tmp/s /usr/bin/true && /usr/bin/true 0.1'
