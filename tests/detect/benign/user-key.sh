# title: A user makes a key for himself
# needs: ssh-keygen
# as: user
# short: yes

ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_new && ssh-keygen -lf ~/.ssh/id_new.pub && cat ~/.ssh/id_new.pub
