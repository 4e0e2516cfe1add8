# title: The history is removed, and the shell told to write none
# technique: T1070.003
# needs: bash

rm -f /root/.bash_history
bash -c 'unset HISTFILE; export HISTSIZE=0; history -c; history -w /dev/null'
