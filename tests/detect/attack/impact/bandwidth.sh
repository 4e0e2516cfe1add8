# title: A machine's connection is sold on: a program for that is started
# technique: T1496.002 T1496
# needs: bash

cp /bin/bash /opt/traffmonetizer && /opt/traffmonetizer -c 'exec 3<>/dev/tcp/192.88.99.7/443; :' start accept --token x
