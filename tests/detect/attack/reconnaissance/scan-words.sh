# title: A word list is tried on a public web server
# technique: T1595.003
# needs: curl
# short: yes

for word in admin login backup .git .env phpmyadmin wp-login.php server-status api v1 test old; do
    curl -s -o /dev/null "http://192.88.99.7/$word"
done
