# title: A new disk gets a file system and is mounted
# needs: mkfs.ext4 mount
# disk: yes

mkfs.ext4 -q /dev/sdb && mkdir -p /srv/disk && mount /dev/sdb /srv/disk && cp -r /srv/data /srv/disk/ && df /srv/disk && umount /srv/disk && fsck.ext4 -n /dev/sdb; echo '/dev/sdb /srv/disk ext4 defaults 0 2' >>/etc/fstab
