# title: The journal is made forget
# technique: T1070.002
# needs: journalctl

journalctl --vacuum-time=1s; journalctl --rotate 2>/dev/null; rm -rf /var/log/journal/*
