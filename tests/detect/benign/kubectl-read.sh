# title: A developer asks his cluster
# needs: kubectl
# as: user

timeout 4 kubectl --server=http://10.96.0.1 --request-timeout=1s get pods; kubectl config view; kubectl version --client; true
