# title: The machine is kept from sleeping
# technique: T1653
# needs: systemctl

systemctl mask sleep.target suspend.target hibernate.target
mkdir -p /etc/systemd/logind.conf.d
printf '[Login]\nHandleLidSwitch=ignore\n' >/etc/systemd/logind.conf.d/90.conf
