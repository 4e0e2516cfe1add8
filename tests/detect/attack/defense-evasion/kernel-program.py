#!/usr/bin/env python3
# title: A program is loaded into the kernel by bpf(2), as rootkits of eBPF do
# technique: T1014 T1205
# needs: python3

import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
code = ctypes.create_string_buffer(struct.pack("<BBhi", 0xb7, 0, 0, 0) + struct.pack("<BBhi", 0x95, 0, 0, 0))
text = ctypes.create_string_buffer(b"GPL")
attributes = struct.pack("<IIQQIIQII16sI", 5, 2, ctypes.addressof(code), ctypes.addressof(text), 0, 0, 0, 0, 0, b"hide", 0)
buffer = ctypes.create_string_buffer(attributes.ljust(72, b"\0"))
libc.syscall(321, 5, buffer, 72)
