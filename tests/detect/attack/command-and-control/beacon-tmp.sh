# title: A program in /tmp talks to its server
# technique: T1071.001 T1095
# needs: curl
# short: yes

cp /usr/bin/curl /tmp/.agent && /tmp/.agent -s http://192.88.99.7/check
