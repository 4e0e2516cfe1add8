# title: A disk is overwritten
# technique: T1561.001 T1561
# needs: dd
# disk: yes
# short: yes

dd if=/dev/zero of=/dev/sdb bs=64k 2>/dev/null; true
