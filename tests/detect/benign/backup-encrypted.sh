# title: A backup is encrypted, and old ones are removed
# needs: tar gpg

tar cz -C / etc home | gpg --batch --pinentry-mode loopback --passphrase x -c -o /var/backups/all.tgz.gpg
find /var/backups -name '*.gpg' -mtime +30 -delete; sha256sum /var/backups/all.tgz.gpg >/var/backups/SHA256SUMS
