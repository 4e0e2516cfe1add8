# title: A unit is installed by install(1), and linked into a target by hand
# technique: T1543.002

printf '[Service]\nExecStart=/opt/x\nRestart=always\n' >/tmp/u
install -m 644 /tmp/u /etc/systemd/system/dbus-org.service
mkdir -p /etc/systemd/system/multi-user.target.wants
ln -s /etc/systemd/system/dbus-org.service /etc/systemd/system/multi-user.target.wants/
