#!/usr/bin/env python3
# title: Python decodes a script and has it run
# technique: T1027.010 T1140 T1027
# needs: python3

import base64, os
os.execvp("python3", ["python3", "-c", "import base64;exec(base64.b64decode('aW1wb3J0IG9zO29zLnN5c3RlbSgnaWQnKQ=='))"])
