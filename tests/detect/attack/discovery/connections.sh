# title: Connections are listed
# technique: T1049
# needs: ss

ss -tunap; netstat -an 2>/dev/null; lsof -i 2>/dev/null | head -2; cat /proc/net/tcp /proc/net/udp >/dev/null
