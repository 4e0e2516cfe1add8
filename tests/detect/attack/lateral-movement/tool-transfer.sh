# title: Tools are copied to the next host
# technique: T1570
# needs: rsync

cp /bin/true /tmp/agent && timeout 2 rsync -e 'ssh -o BatchMode=yes -o ConnectTimeout=1' /tmp/agent root@10.20.0.9:/tmp/; true
