#!/usr/bin/env python3
# title: Python calls the kernel by number: a memory file is made, filled and executed
# technique: T1106 T1620
# needs: python3
# short: yes

import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
fd = libc.syscall(319, b"x", 1)
os.write(fd, open("/bin/true", "rb").read())
if os.fork() == 0:
    path = f"/proc/self/fd/{fd}".encode()
    argv = (ctypes.c_char_p * 2)(b"x", None)
    libc.syscall(59, path, argv, None)
    os._exit(1)
os.wait()
