# title: A file is decrypted and run
# technique: T1140
# needs: openssl

printf '#!/bin/sh\nid\n' >/tmp/in && openssl enc -aes-256-cbc -pbkdf2 -k x -in /tmp/in -out /tmp/p.enc
openssl enc -d -aes-256-cbc -pbkdf2 -k x -in /tmp/p.enc -out /tmp/.p && chmod +x /tmp/.p && /tmp/.p
