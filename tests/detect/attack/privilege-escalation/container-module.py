#!/usr/bin/env python3
# title: A container tries to load a kernel module
# technique: T1611 T1547.006
# needs: python3
# in: container

import ctypes
data = b"\x7fELF no module"
ctypes.CDLL(None).syscall(175, data, len(data), b"")
