#!/usr/bin/env python3
# title: Python writes into the memory of another process by /proc/PID/mem
# technique: T1055.009
# needs: python3 sleep

import subprocess
victim = subprocess.Popen(["sleep", "5"])
import time; time.sleep(0.1)
line = next(line for line in open(f"/proc/{victim.pid}/maps") if " rw-p" in line)
with open(f"/proc/{victim.pid}/mem", "r+b", buffering=0) as memory:
    memory.seek(int(line.split("-")[0], 16))
    memory.write(b"\0\0")
victim.kill()
