# title: logrotate rotates and compresses logs
# needs: logrotate

mkdir -p /var/log/app && head -c 5000 /dev/zero >/var/log/app/a.log && echo x >/var/log/app/b.log
printf '/var/log/app/*.log {\n rotate 3\n compress\n missingok\n create 640 root adm\n postrotate\n  true\n endscript\n}\n/var/log/auth.log /var/log/syslog {\n rotate 2\n copytruncate\n}\n' >/etc/logrotate.d/app
chmod 755 /var/log; logrotate -s /tmp/state -f /etc/logrotate.d/app; ls /var/log/app
