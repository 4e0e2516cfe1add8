# title: An extension is put into Firefox's profile
# technique: T1176.001
# as: user

mkdir -p ~/.mozilla/firefox/a1b2c3d4.default-release/extensions
printf 'PK' >~/.mozilla/firefox/a1b2c3d4.default-release/extensions/helper@example.xpi
