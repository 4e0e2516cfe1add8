#!/usr/bin/env python3
# title: A web server in a container answers a health check
# needs: python3 curl
# in: container

import http.server, threading, urllib.request
server = http.server.ThreadingHTTPServer(("0.0.0.0", 8090), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
for _ in range(3): urllib.request.urlopen("http://127.0.0.1:8090/").read()
