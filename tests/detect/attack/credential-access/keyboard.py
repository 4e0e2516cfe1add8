#!/usr/bin/env python3
# title: Python reads the keyboard's device
# technique: T1056.001
# needs: python3

open("/dev/input/event0", "rb").read(24)
