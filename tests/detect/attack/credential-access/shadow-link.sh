# title: The hashes are read under another name
# technique: T1003.008

ln /etc/shadow /etc/.s && head -c 10 /etc/.s >/dev/null
ln -s /etc/gshadow /tmp/x && cat /tmp/x >/dev/null
