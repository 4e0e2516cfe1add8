# title: The password hashes are read
# technique: T1003.008
# short: yes

cat /etc/shadow >/dev/null
