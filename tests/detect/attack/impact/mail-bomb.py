#!/usr/bin/env python3
# title: Many mails are sent
# technique: T1667
# needs: python3

import socket
for _ in range(25):
    s = socket.create_connection(("192.88.99.7", 25)); s.recv(100); s.sendall(b"MAIL FROM:<x@example.org>\r\n"); s.close()
