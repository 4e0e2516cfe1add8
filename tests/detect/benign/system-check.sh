# title: Integrity is checked, indexes are made
# needs: dpkg

dpkg --verify coreutils; find /usr/bin -newer /etc/hostname | head -2; find / -xdev -perm -4000 -type f >/var/log/suid.list 2>/dev/null; md5sum /usr/bin/ls; ldconfig -p | head -1; true
