#!/usr/bin/env python3
# title: A job sends its report by mail to the server of its network
# needs: python3

import socket
s = socket.socket(); s.settimeout(1); s.connect_ex(("10.20.0.9", 25)); s.close()
