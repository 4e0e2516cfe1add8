# title: kubectl runs a shell in a pod
# technique: T1609
# needs: kubectl

timeout 5 kubectl --server=http://10.96.0.1:80 --request-timeout=2s exec web-0 -- sh -c id; true
