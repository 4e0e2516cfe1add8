# title: A program that starts with the desktop
# technique: T1547.013
# as: user

printf '[Desktop Entry]\nType=Application\nExec=/home/ann/.local/x\n' >~/.config/autostart/update.desktop
