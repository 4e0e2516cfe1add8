#!/usr/bin/env python3
# title: Python hands connections on to another host
# technique: T1090.001 T1090
# needs: python3

import socket, threading
listener = socket.socket(); listener.bind(("0.0.0.0", 8082)); listener.listen(1)
def visit():
    with socket.create_connection(("127.0.0.1", 8082)) as s: s.sendall(b"GET / HTTP/1.0\r\n\r\n"); s.recv(100)
visitor = threading.Thread(target=visit); visitor.start()
near, _ = listener.accept()
far = socket.create_connection(("192.88.99.7", 80))
far.sendall(near.recv(1000)); near.sendall(far.recv(1000)); near.close(); visitor.join()
