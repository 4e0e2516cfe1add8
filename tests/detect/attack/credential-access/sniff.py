#!/usr/bin/env python3
# title: Python sees all packets
# technique: T1040
# needs: python3
# short: yes

import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind(("lo", 0))
socket.socket().connect_ex(("127.0.0.1", 9))
s.recv(2048)
