# title: What watches this machine
# technique: T1518.001
# needs: ps

ps aux | grep -iE 'falcon|falco|auditd|sysdig|ossec|wazuh|crowdstrike|clamd|osquery' | grep -v grep
ls -d /opt/CrowdStrike /var/ossec /etc/falco /etc/audit /opt/sentinelone 2>/dev/null; systemctl status auditd 2>/dev/null; true
