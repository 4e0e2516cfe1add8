#!/usr/bin/env python3
# title: Python writes into another process with process_vm_writev
# technique: T1055
# needs: python3 sleep

import ctypes, subprocess, time
libc = ctypes.CDLL(None, use_errno=True)
class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
victim = subprocess.Popen(["sleep", "5"])
time.sleep(0.1)
line = next(line for line in open(f"/proc/{victim.pid}/maps") if " rw-p" in line)
buffer = ctypes.create_string_buffer(b"\0\0", 2)
own, its = Vector(ctypes.addressof(buffer), 2), Vector(int(line.split("-")[0], 16), 2)
libc.process_vm_writev(victim.pid, ctypes.byref(own), 1, ctypes.byref(its), 1, 0)
victim.kill()
