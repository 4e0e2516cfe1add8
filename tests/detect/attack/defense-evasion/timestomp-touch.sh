# title: A new file gets the times of an old one
# technique: T1070.006
# short: yes

echo '<?php' >/var/www/html/a.php
touch -r /etc/hostname /var/www/html/a.php
touch -d '2019-01-01 10:00' /var/www/html/a.php
