# title: An archive is encrypted as it is made
# technique: T1560.001
# needs: gpg tar

tar cz /srv/data 2>/dev/null | gpg --batch --yes --passphrase x -c -o /tmp/.o
