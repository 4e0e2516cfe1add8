# title: A program from a stick copies itself onto the next one
# technique: T1091

mkdir -p /srv/media/usb1 /srv/media/usb2
printf '#!/bin/sh\nfor to in /srv/media/*; do cp "$0" "$to/autorun.sh"; done\n' >/srv/media/usb1/autorun.sh
chmod +x /srv/media/usb1/autorun.sh
/srv/media/usb1/autorun.sh
