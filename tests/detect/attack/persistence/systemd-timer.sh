# title: A timer and its service
# technique: T1053.006 T1543.002
# short: yes

printf '[Service]\nExecStart=/opt/x\n' >/etc/systemd/system/x.service
printf '[Timer]\nOnBootSec=60\n[Install]\nWantedBy=timers.target\n' >/etc/systemd/system/x.timer
