# title: Kernel modules are listed
# technique: T1652

lsmod 2>/dev/null; cat /proc/modules 2>/dev/null; ls /lib/modules 2>/dev/null; ls /sys/module >/dev/null; true
