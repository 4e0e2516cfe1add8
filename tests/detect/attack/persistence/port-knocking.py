#!/usr/bin/env python3
# title: A back door sees each packet, and waits for three knocks
# technique: T1205.001 T1040
# needs: python3

import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.settimeout(3)
for port in (7000, 8000, 9000):
    with socket.socket() as knock:
        knock.connect_ex(("127.0.0.1", port))
for _ in range(6):
    s.recv(2048)
