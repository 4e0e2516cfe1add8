# title: A nightly backup by rsync into another folder
# needs: rsync
# short: yes

mkdir -p /srv/backup
rsync -aAX --delete /etc /home /root /var/www /srv/backup/ && rsync -a --link-dest=/srv/backup/ /etc /srv/backup/daily
