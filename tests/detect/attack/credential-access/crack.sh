# title: Hashes are cracked
# technique: T1110.002
# needs: john

cp /etc/shadow /tmp/h && timeout 5 john --wordlist=/etc/hostname /tmp/h; true
