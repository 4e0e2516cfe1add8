#!/usr/bin/env python3
# title: Python sets the times of a program back by years
# technique: T1070.006
# needs: python3

import os, shutil
shutil.copy("/bin/true", "/usr/local/bin/updated")
os.utime("/usr/local/bin/updated", (1500000000, 1500000000))
