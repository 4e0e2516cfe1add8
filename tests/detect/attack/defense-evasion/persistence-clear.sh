# title: A job that is no longer needed is taken out again
# technique: T1070.009

printf '* * * * * root id\n' >/etc/cron.d/x && rm /etc/cron.d/x
rm -f /etc/systemd/system/x.service
