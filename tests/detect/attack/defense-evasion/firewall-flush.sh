# title: The firewall is emptied
# technique: T1562.004
# needs: iptables

iptables -F; iptables -P INPUT ACCEPT; iptables -t nat -F; true
