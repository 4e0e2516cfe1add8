#!/usr/bin/env python3
# title: A program of /tmp takes orders from a broker
# technique: T1071.005
# needs: python3

import shutil, subprocess, os
shutil.copy("/usr/bin/python3", "/tmp/mq")
subprocess.call(["/tmp/mq", "-c", "import socket; s=socket.create_connection(('192.88.99.7', 1883), 1)"], stderr=subprocess.DEVNULL)
