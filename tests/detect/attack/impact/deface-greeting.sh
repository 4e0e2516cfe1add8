# title: What users see when they log in is replaced
# technique: T1491.001 T1491

echo owned >/etc/motd; echo owned >/etc/issue; echo owned >/etc/issue.net
