# title: Disks are listed
# technique: T1680
# needs: lsblk

lsblk; df -h; cat /proc/partitions /etc/fstab; mount; blkid 2>/dev/null; true
