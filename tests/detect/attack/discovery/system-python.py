#!/usr/bin/env python3
# title: Python reads what machine it is
# technique: T1082
# needs: python3

for path in ("/etc/os-release", "/proc/version", "/proc/cpuinfo", "/proc/meminfo", "/sys/class/dmi/id/product_name", "/etc/machine-id"):
    try: open(path).read()
    except OSError: pass
