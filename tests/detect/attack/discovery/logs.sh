# title: Logs are searched for logins and for defenders
# technique: T1654
# needs: grep

grep -i accepted /var/log/auth.log; cat /var/log/syslog /var/log/audit/audit.log >/dev/null; journalctl -n 5 2>/dev/null; last 2>/dev/null; true
