# title: tcpdump writes packets into a hidden file
# technique: T1040
# needs: tcpdump

timeout 1 tcpdump -i lo -w /tmp/.p -c 1 port 9; true
