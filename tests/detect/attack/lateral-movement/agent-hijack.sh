# title: root uses the SSH agent of somebody else
# technique: T1563.001 T1563
# needs: python3 ssh-add

python3 -c '
import socket
s = socket.socket(socket.AF_UNIX); s.bind("/tmp/ssh-abcd/agent.77"); s.listen(1)
open("/run/up", "w"); c, _ = s.accept()
' &
while [ ! -e /run/up ]; do sleep 0.05; done
SSH_AUTH_SOCK=/tmp/ssh-abcd/agent.77 timeout 1 ssh-add -l; true
