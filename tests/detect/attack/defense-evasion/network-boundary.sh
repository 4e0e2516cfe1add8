# title: The machine becomes a router between networks
# technique: T1599 T1562.004
# needs: iptables sysctl

sysctl -w net.ipv4.ip_forward=1; iptables -t nat -A POSTROUTING -j MASQUERADE; true
