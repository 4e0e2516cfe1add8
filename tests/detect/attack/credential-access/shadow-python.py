#!/usr/bin/env python3
# title: Python reads the password hashes
# technique: T1003.008
# needs: python3
# short: yes

open("/etc/shadow").read()
