#!/usr/bin/env python3
# title: A kernel module is given to the kernel, which refuses it
# technique: T1547.006 T1014
# needs: python3
# short: yes

import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
open("/tmp/rk.ko", "wb").write(b"\x7fELF not a module")
fd = os.open("/tmp/rk.ko", os.O_RDONLY)
libc.syscall(313, fd, b"", 0)
data = open("/tmp/rk.ko", "rb").read()
libc.syscall(175, data, len(data), b"")
