# title: Mail that tells of the attack is removed
# technique: T1070.008

rm -f /var/mail/ann; : >/var/mail/root
