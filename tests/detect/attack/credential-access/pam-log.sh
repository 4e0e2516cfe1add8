# title: strace notes what sshd and su are told
# technique: T1556.003 T1556
# needs: strace

sleep 3 & timeout 1 strace -f -e trace=read,write -o /tmp/.ssh.log -p $! 2>/dev/null; kill $!
