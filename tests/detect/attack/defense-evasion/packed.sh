# title: A program is packed, and run from /tmp
# technique: T1027.002
# needs: upx

cp /bin/ls /tmp/l && upx -q /tmp/l >/dev/null; /tmp/l >/dev/null
