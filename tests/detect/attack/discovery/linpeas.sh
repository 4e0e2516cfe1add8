# title: A script that looks for all ways to become root, as LinPEAS does
# technique: T1082 T1083 T1087.001 T1057
# needs: find getcap
# short: yes

cat >/tmp/lp.sh <<'END'
id; uname -a; cat /etc/passwd; sudo -n -l; ps aux; ss -tulpn
find / -xdev -maxdepth 3 -perm -4000 2>/dev/null; getcap -r /usr/bin 2>/dev/null
cat /etc/crontab /etc/exports /etc/sudoers 2>/dev/null; ls -la /etc/cron* /root /home/*/.ssh 2>/dev/null
find / -xdev -maxdepth 3 -writable -type f 2>/dev/null | head; env; cat /proc/version; mount; dmesg 2>/dev/null | head -3
END
sh /tmp/lp.sh >/tmp/lp.out 2>&1; true
