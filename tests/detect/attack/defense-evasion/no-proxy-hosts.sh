# title: Servers of updates and scanners are given a wrong address
# technique: T1562.001 T1565.001

printf '0.0.0.0 security.debian.example\n0.0.0.0 update.example\n' >>/etc/hosts
