# title: An administrator adds a user, gives him a password and a group, and removes another
# needs: useradd usermod userdel chpasswd chage
# short: yes

useradd -m -s /bin/bash carol
echo 'carol:Example-1234' | chpasswd -e
groupadd developers && usermod -aG developers carol && chage -M 90 carol
userdel -r bob; getent passwd carol; id carol
