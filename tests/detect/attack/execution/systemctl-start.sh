# title: A unit from /tmp is linked and started
# technique: T1569.003 T1543.002
# needs: systemctl

printf '[Service]\nExecStart=/tmp/x\n' >/tmp/updater.service
systemctl link /tmp/updater.service; systemctl start updater.service 2>&1 | head -1; true
