#!/usr/bin/env python3
# title: Python opens the microphone
# technique: T1123
# needs: python3

open("/dev/snd/pcmC0D0c", "rb").read(10)
