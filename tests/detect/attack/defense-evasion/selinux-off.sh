# title: SELinux is turned off, for good
# technique: T1562.001

setenforce 0 2>/dev/null
sed -i 's/SELINUX=enforcing/SELINUX=disabled/' /etc/selinux/config
