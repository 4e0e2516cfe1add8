#!/usr/bin/env python3
# title: Python asks a name server for all names of a zone
# technique: T1590.002
# needs: python3

import socket, struct
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.settimeout(2)
for word in ["www", "mail", "vpn", "dev", "ns1", "ldap", "git", "ci", "db", "admin", "stage", "intra"]:
    name = b"".join(bytes([len(part)]) + part.encode() for part in [word, "example", "org"]) + b"\0"
    server.sendto(struct.pack(">HHHHHH", 7, 256, 1, 0, 0, 0) + name + struct.pack(">HH", 1, 1), ("192.88.99.7", 53))
    server.recv(512)
