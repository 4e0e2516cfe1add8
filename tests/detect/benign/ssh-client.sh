# title: A user logs in to a machine of his network, which does not answer
# needs: ssh
# as: user

timeout 2 ssh -o BatchMode=yes -o ConnectTimeout=1 -o StrictHostKeyChecking=accept-new ann@10.20.0.9 uptime; ssh-keygen -F 10.20.0.9; ssh-keygen -R 10.20.0.200 2>/dev/null; true
