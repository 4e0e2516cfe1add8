# title: An administrator looks at units and changes one with systemctl
# needs: systemctl systemd-analyze

systemctl cat ssh 2>/dev/null; systemctl list-timers 2>/dev/null; systemctl is-enabled cron 2>/dev/null; systemd-analyze verify /lib/systemd/system/systemd-sysusers.service 2>/dev/null; systemctl daemon-reload 2>/dev/null; true
