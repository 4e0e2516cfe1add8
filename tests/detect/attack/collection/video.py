#!/usr/bin/env python3
# title: Python opens the camera
# technique: T1125
# needs: python3

open("/dev/video0", "rb").read(10)
