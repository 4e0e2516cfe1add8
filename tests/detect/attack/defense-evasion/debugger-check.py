#!/usr/bin/env python3
# title: A program looks whether it is traced
# technique: T1622
# needs: python3

import ctypes
ctypes.CDLL(None).ptrace(0, 0, 0, 0)
[line for line in open("/proc/self/status") if line.startswith("TracerPid")]
