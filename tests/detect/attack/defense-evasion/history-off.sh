# title: The shell of a user is to note nothing any more
# technique: T1562.003
# needs: bash
# as: user

echo 'export HISTFILE=/dev/null HISTCONTROL=ignoreboth HISTFILESIZE=0' >>~/.bashrc
HISTFILE=/dev/null bash -c 'set +o history; id'
