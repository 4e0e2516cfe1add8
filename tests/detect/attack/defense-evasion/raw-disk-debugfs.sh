# title: debugfs reads files from the disk
# technique: T1006
# needs: debugfs mkfs.ext4
# disk: yes

mkfs.ext4 -q /dev/sdb && debugfs -R 'cat /etc/shadow' /dev/sdb
