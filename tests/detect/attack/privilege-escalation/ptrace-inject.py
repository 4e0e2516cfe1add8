#!/usr/bin/env python3
# title: Python attaches to another process and writes into its memory
# technique: T1055.008
# needs: python3 sleep
# short: yes

import ctypes, os, subprocess
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long] * 4
libc.ptrace.restype = ctypes.c_long
victim = subprocess.Popen(["sleep", "5"])
libc.ptrace(16, victim.pid, 0, 0)
os.waitpid(victim.pid, 0)
address = int(open(f"/proc/{victim.pid}/maps").readline().split("-")[0], 16)
libc.ptrace(4, victim.pid, address, 0x464c457f)
libc.ptrace(17, victim.pid, 0, 0)
victim.kill()
