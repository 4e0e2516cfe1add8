# title: A private key is moved, linked and read under its new name
# technique: T1552.004

mv /root/.ssh/id_rsa /tmp/note && cat /tmp/note >/dev/null
ln /home/ann/.ssh/id_ed25519 /home/k && cat /home/k >/dev/null
