# title: A port is opened
# technique: T1562.004
# needs: iptables

iptables -I INPUT -p tcp --dport 4444 -j ACCEPT; true
