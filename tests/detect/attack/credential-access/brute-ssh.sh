# title: Logins are tried at a server
# technique: T1110.001 T1110.003
# needs: ssh

for user in root admin test ubuntu git oracle; do
    ssh -o BatchMode=yes -o ConnectTimeout=1 -o StrictHostKeyChecking=no "$user@192.88.99.7" id 2>/dev/null &
done
sleep 2; kill $(jobs -p) 2>/dev/null; true
