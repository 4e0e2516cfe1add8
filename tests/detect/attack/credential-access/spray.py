#!/usr/bin/env python3
# title: Python tries the same port of login of many hosts
# technique: T1110.003
# needs: python3

import socket
for host in range(1, 31):
    s = socket.socket(); s.settimeout(1)
    if s.connect_ex((f"10.20.0.{host}", 22)) == 0: s.recv(64)
    s.close()
