# title: Apache starts, is reloaded, answers and stops
# needs: apache2ctl curl

mkdir -p /run/apache2 /var/log/apache2 /run/lock/apache2; sed -i 's/^Listen 80$/Listen 8092/' /etc/apache2/ports.conf
apache2ctl configtest; apache2ctl start && sleep 0.3 && curl -s http://127.0.0.1:8092/ >/dev/null; apache2ctl graceful; sleep 0.3; apache2ctl stop; true
