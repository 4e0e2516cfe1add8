# title: A shell asks each address of a block whether its port is open
# technique: T1595.001 T1046
# needs: bash
# short: yes

for host in 1 2 3 4 5 6 7 8 9 10 11 12; do
    bash -c "exec 3<>/dev/tcp/192.88.99.$host/22" 2>/dev/null
done
true
