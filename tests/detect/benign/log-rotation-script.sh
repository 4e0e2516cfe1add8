# title: A script of an administrator's rotates a log of his application
# short: yes

mkdir -p /var/log/app && echo x >/var/log/app/app.log && cd /var/log/app
mv app.log app.log.1 && gzip -f app.log.1 && : >app.log && chown www-data app.log && find . -name '*.gz' -mtime +7 -delete
