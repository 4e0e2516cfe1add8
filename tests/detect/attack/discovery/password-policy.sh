# title: How passwords have to be
# technique: T1201
# needs: chage

cat /etc/login.defs /etc/pam.d/common-password /etc/security/pwquality.conf 2>/dev/null >/dev/null; chage -l root; true
