# title: A user loads his key into an agent
# needs: ssh-agent ssh-add ssh-keygen
# as: user
# short: yes

ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_work && eval "$(ssh-agent -s)" >/dev/null && ssh-add -q ~/.ssh/id_work && ssh-add -l; kill "$SSH_AGENT_PID"
