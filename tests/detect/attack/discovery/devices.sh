# title: Devices are listed
# technique: T1120

lsblk 2>/dev/null; lspci 2>/dev/null; lsusb 2>/dev/null; ls /dev/disk /dev/bus/usb 2>/dev/null; cat /proc/bus/input/devices 2>/dev/null; true
