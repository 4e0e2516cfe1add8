# title: The kernel's audit is switched off
# technique: T1562.012
# needs: auditctl

auditctl -e 0; auditctl -D; true
