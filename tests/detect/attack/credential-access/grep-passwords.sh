# title: Files are searched for passwords
# technique: T1552.001
# needs: grep

grep -rniE 'password|passwd|secret|api_key' /srv /opt /var/www /home /etc/mysql 2>/dev/null | head -20
cat /var/www/html/wp-config.php /opt/app/config/database.yml /srv/data/.env >/dev/null
