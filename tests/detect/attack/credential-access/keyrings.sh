# title: Keyrings of desktops are read
# technique: T1555
# as: user

cat ~/.local/share/keyrings/login.keyring ~/.local/share/kwalletd/kdewallet.kwl >/dev/null
