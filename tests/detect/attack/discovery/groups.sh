# title: Groups are listed
# technique: T1069.001
# needs: getent

groups; getent group; cat /etc/group; getent group sudo docker; true
