#!/usr/bin/env python3
# title: Python makes a network device of its own
# technique: T1572
# needs: python3

import fcntl, struct
tun = open("/dev/net/tun", "r+b", buffering=0)
fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH", b"tun9", 0x1001))
