#!/usr/bin/env python3
# title: A process leaves its parents twice, and goes on as a child of process 1
# technique: T1036.009
# needs: python3

import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.dup2(os.open("/dev/null", os.O_RDWR), 0)
        time.sleep(0.1)
        os.execl("/bin/sh", "sh", "-c", "id")
    os._exit(0)
time.sleep(0.5)
