# title: nginx starts, is reloaded, answers and stops
# needs: nginx curl

mkdir -p /var/lib/nginx /run/nginx
printf 'pid /run/nginx.pid;\nevents {}\nhttp { access_log /var/log/nginx/access.log; server { listen 8091; root /var/www/html; } }\n' >/etc/nginx/nginx.conf
nginx -t && nginx && curl -s http://127.0.0.1:8091/index.html && nginx -s reload && sleep 0.2 && curl -s -o /dev/null http://127.0.0.1:8091/ ; nginx -s quit; true
