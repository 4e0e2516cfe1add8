# title: An administrator traces a program, and one that runs
# needs: strace
# short: yes

strace -c ls /etc >/dev/null; strace -f -o /root/trace.txt sh -c 'cat /etc/hostname'; sleep 1 & strace -p $! -o /root/t2 2>/dev/null & sleep 0.2; kill $(jobs -p) 2>/dev/null; true
