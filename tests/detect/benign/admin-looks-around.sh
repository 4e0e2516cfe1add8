# title: An administrator logs in and looks around
# needs: bash
# tty: yes

w; uptime; df -h; free -m; ps aux | head -5; ip a; ss -tlnp; last | head -3; tail -n 5 /var/log/syslog; systemctl --failed 2>/dev/null; journalctl -n 3 2>/dev/null; ls -la /root; true
