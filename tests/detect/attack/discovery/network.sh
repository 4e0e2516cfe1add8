# title: Addresses, routes and resolvers are listed
# technique: T1016
# needs: ip

ip addr; ip route; ip neigh; cat /etc/resolv.conf /etc/hosts; cat /proc/net/route /proc/net/arp >/dev/null
