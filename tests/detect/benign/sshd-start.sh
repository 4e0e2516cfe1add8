# title: sshd starts, lets a user in, and stops
# needs: sshd ssh-keygen ssh

mkdir -p /run/sshd; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_new
printf 'ListenAddress 127.0.0.1\nHostKey /etc/ssh/ssh_host_new\nPidFile /run/sshd.pid\nUsePAM no\nStrictModes no\n' >/etc/ssh/sshd_config
/usr/sbin/sshd && sleep 0.2 && timeout 10 ssh -i /root/.ssh/id_ed25519 -o BatchMode=yes -o StrictHostKeyChecking=no ann@127.0.0.1 'id; ls; uptime'; kill "$(cat /run/sshd.pid)"
