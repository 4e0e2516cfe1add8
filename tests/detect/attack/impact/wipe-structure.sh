# title: The beginning of a disk is overwritten
# technique: T1561.002 T1561
# needs: wipefs
# disk: yes

wipefs -a /dev/sdb; dd if=/dev/urandom of=/dev/sdb bs=512 count=1 2>/dev/null; sgdisk -Z /dev/sdb 2>/dev/null; true
