#!/usr/bin/env python3
# title: Data goes by Bluetooth
# technique: T1011.001 T1011
# needs: python3

import socket
try: socket.socket(31, socket.SOCK_STREAM, 3)
except OSError: pass
