# title: A program looks whether it runs in a virtual machine
# technique: T1497.001

cat /sys/class/dmi/id/product_name /sys/class/dmi/id/sys_vendor 2>/dev/null
grep -c hypervisor /proc/cpuinfo; systemd-detect-virt 2>/dev/null; cat /proc/scsi/scsi 2>/dev/null; true
