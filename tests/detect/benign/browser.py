#!/usr/bin/env python3
# title: A program asks names and speaks to several servers, as a browser does
# needs: python3
# as: user

import socket, urllib.request
for name in ("www.example.org", "static.example.org", "cdn.example.net", "fonts.example.net"):
    urllib.request.urlopen(f"http://{name}/").read()
