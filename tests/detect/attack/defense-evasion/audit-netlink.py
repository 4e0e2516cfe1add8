#!/usr/bin/env python3
# title: Python talks to the kernel's audit without auditctl
# technique: T1562.012
# needs: python3

import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)
s.bind((0, 0))
