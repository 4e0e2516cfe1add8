#!/usr/bin/env python3
# title: Code is kept in an extended attribute and run from there
# technique: T1564.014
# needs: python3

import os
open("/root/note", "w").close()
os.setxattr("/root/note", "user.comment", b"import os; os.getpid()")
exec(os.getxattr("/root/note", "user.comment"))
