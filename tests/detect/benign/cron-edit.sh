# title: An administrator installs his crontab
# needs: crontab

printf '0 3 * * * /usr/local/sbin/backup\n' >/root/tab && crontab /root/tab && crontab -l
