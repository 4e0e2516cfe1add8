# title: A process is hidden by mounting a folder over its own in /proc
# technique: T1564.013 T1564
# needs: mount
# short: yes

sleep 2 &
mkdir -p /tmp/empty && mount --bind /tmp/empty /proc/$!
umount /proc/$!; kill $!
