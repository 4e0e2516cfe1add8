# title: An agent that watches is ended
# technique: T1562.001 T1489

cp /bin/sleep /opt/falco && /opt/falco 5 &
sleep 0.1
systemctl stop falco auditd 2>/dev/null
pkill -9 falco; true
