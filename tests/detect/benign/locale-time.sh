# title: The time zone and the name of the machine are set
# short: yes

ln -sf /usr/share/zoneinfo/UTC /etc/localtime; echo scene >/etc/hostname; hostname scene; date >/dev/null; echo 'LANG=C.UTF-8' >/etc/default/locale
