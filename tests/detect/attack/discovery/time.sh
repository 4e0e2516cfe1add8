# title: What time it is, and where
# technique: T1124
# needs: date

date; timedatectl 2>/dev/null; cat /etc/timezone; hwclock 2>/dev/null; cat /proc/uptime; true
