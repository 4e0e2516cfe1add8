# title: find and vim start shells
# technique: T1202
# needs: find
# as: user

find /etc/hostname -exec sh -c id ';'
timeout 3 env vim -es -c ':!id' -c ':q' 2>/dev/null; true
