# title: A container looks what its cluster has, and what it may do there
# technique: T1613 T1069
# needs: kubectl
# in: container

for what in "get pods -A" "get secrets" "auth can-i --list" "get nodes"; do
    timeout 5 kubectl --server=http://10.96.0.1 --request-timeout=1s $what
done; true
