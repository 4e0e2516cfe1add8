# title: A line in rc.local
# technique: T1037.004

sed -i '1a /opt/x &' /etc/rc.local
