#!/usr/bin/env python3
# title: Python speaks to the screens of neighbours
# technique: T1021.005
# needs: python3

import socket
for host in range(5, 15):
    s = socket.socket(); s.settimeout(0.3); s.connect_ex((f"10.20.0.{host}", 5900)); s.close()
