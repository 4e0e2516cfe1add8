#!/usr/bin/env python3
# title: Python looks which neighbours answer at one port
# technique: T1018 T1046
# needs: python3

import socket
for host in range(1, 60):
    s = socket.socket(); s.settimeout(0.2)
    s.connect_ex((f"10.20.0.{host}", 445)); s.close()
