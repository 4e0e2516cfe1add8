# title: Services and their units are listed
# technique: T1007
# needs: systemctl

systemctl list-units --type=service --no-pager 2>/dev/null; service --status-all 2>/dev/null; ls /etc/systemd/system /etc/init.d; true
