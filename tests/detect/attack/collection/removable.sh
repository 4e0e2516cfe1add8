# title: What is on a stick is copied
# technique: T1025

mkdir -p /srv/media/usb && mount -t tmpfs tmpfs /srv/media/usb && echo secret >/srv/media/usb/plan.docx
cp -r /srv/media/usb /var/tmp/.u; umount /srv/media/usb
