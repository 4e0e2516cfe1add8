# title: A script in base64 is decoded and run
# technique: T1027.010 T1140 T1027
# needs: base64
# short: yes

echo aWQ7IHVuYW1lIC1hOyBjYXQgL2V0Yy9wYXNzd2QgPi9kZXYvbnVsbAo= | base64 -d | sh
