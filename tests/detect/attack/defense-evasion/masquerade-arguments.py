#!/usr/bin/env python3
# title: Python gives itself the name of a daemon, for ps to show
# technique: T1036.011 T1036.004 T1036.005
# needs: python3

import ctypes
ctypes.CDLL(None).prctl(15, b"sshd", 0, 0, 0)
ctypes.CDLL(None).prctl(15, b"kworker/u8:3", 0, 0, 0)
