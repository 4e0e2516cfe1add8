# title: Code is written into the first sector of a disk
# technique: T1542.003
# needs: dd
# disk: yes

printf 'x' | dd of=/dev/sdb bs=446 count=1 conv=notrunc 2>/dev/null
