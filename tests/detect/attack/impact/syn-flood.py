#!/usr/bin/env python3
# title: Connections are begun with a raw socket
# technique: T1498.001 T1499.001
# needs: python3

import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
for number in range(100):
    try: s.sendto(b"\x45\0\0\x28\0\1\0\0\x40\6\0\0\x0a\x14\0\2\xc0\x58\x63\x09" + b"\0" * 20, ("192.88.99.9", 0))
    except OSError: pass
