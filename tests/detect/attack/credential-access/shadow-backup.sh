# title: A user looks for copies of the hashes
# technique: T1003.008
# as: user

cat /etc/shadow- /var/backups/shadow.bak /etc/shadow 2>/dev/null; true
