# title: Logs are emptied in different ways
# technique: T1070.002
# short: yes

: >/var/log/auth.log
truncate -s 0 /var/log/syslog
cp /dev/null /var/log/wtmp
