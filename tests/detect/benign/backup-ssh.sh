# title: A backup is sent to another machine of the network
# needs: rsync ssh

timeout 3 rsync -a -e 'ssh -i /root/.ssh/id_ed25519 -o BatchMode=yes -o ConnectTimeout=1' /srv/data backup@10.20.0.9:/backup/; true
