# title: Files are looked for that may be written, or hold secrets
# technique: T1083
# needs: find

find / -xdev -maxdepth 4 -perm -4000 -type f 2>/dev/null | head -3
find / -xdev -maxdepth 3 -writable -type d 2>/dev/null | head -3
find /home /root /srv -name '*.docx' -o -name '*.kdbx' -o -name '*password*' | head -3; ls -la /root /home/*
