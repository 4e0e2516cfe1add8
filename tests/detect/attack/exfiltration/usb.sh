# title: Data is copied onto a stick
# technique: T1052.001
# needs: mount
# disk: yes

mkfs.ext4 -q /dev/sdb; mkdir -p /srv/media/usb && mount /dev/sdb /srv/media/usb && cp -r /home/ann/Documents /srv/media/usb/; umount /srv/media/usb
