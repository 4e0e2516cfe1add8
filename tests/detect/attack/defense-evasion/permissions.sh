# title: Permissions are opened, and files locked against removal
# technique: T1222.002
# needs: chattr

chmod 777 /etc/passwd; chmod -R 777 /opt/app
chattr +i /etc/crontab 2>/dev/null; chattr -i /root/.ssh/authorized_keys 2>/dev/null; chattr +i /root/.ssh/authorized_keys
