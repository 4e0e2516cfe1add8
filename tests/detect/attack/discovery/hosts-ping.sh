# title: Neighbours are looked for
# technique: T1018
# needs: ping

for host in 1 2 3 4 5 6 7 8 9 10 11 12; do ping -c1 -W1 "10.20.0.$host" >/dev/null 2>&1 & done; wait
cat /etc/hosts /proc/net/arp >/dev/null; true
