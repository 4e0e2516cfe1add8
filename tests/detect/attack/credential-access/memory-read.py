#!/usr/bin/env python3
# title: Python reads the memory of another process, as mimipenguin does
# technique: T1003.007
# needs: python3 sleep
# short: yes

import subprocess, time
victim = subprocess.Popen(["sleep", "5"]); time.sleep(0.1)
for line in open(f"/proc/{victim.pid}/maps"):
    if "heap" in line or "stack" in line:
        begin, end = (int(n, 16) for n in line.split()[0].split("-"))
        with open(f"/proc/{victim.pid}/mem", "rb") as memory:
            memory.seek(begin); memory.read(end - begin)
victim.kill()
