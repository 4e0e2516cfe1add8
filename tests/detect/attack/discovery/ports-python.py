#!/usr/bin/env python3
# title: Python tries many ports of a host
# technique: T1046
# needs: python3
# short: yes

import socket
for port in list(range(20, 120)) + [443, 3306, 5432, 6379, 8080, 9200, 27017]:
    s = socket.socket(); s.settimeout(0.2)
    s.connect_ex(("10.20.0.9", port)); s.close()
