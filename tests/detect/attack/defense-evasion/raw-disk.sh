# title: Files are read from the disk itself, past their permissions
# technique: T1006
# needs: dd
# disk: yes
# short: yes

dd if=/dev/sdb of=/tmp/image bs=64k 2>/dev/null
