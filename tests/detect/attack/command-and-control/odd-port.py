#!/usr/bin/env python3
# title: HTTP over a port that is not HTTP's
# technique: T1571
# needs: python3

import http.client
for _ in range(3):
    try: c = http.client.HTTPConnection("192.88.99.7", 31337, timeout=1); c.request("GET", "/g"); c.getresponse()
    except Exception: pass
