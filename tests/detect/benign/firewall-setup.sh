# title: An administrator's script sets up the firewall
# needs: iptables
# short: yes

iptables -A INPUT -i lo -j ACCEPT; iptables -A INPUT -m state --state ESTABLISHED -j ACCEPT; iptables -A INPUT -p tcp --dport 22 -j ACCEPT; iptables -P FORWARD DROP; iptables -L -n >/dev/null; true
