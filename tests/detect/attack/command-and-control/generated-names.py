#!/usr/bin/env python3
# title: A program tries names that it makes up each day
# technique: T1568.002
# needs: python3

import hashlib, socket
for number in range(25):
    name = hashlib.md5(str(number).encode()).hexdigest()[:14] + ".biz"
    try: socket.getaddrinfo(name, 80)
    except OSError: pass
