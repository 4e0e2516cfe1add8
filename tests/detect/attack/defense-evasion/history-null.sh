# title: A user's history leads nowhere from now on
# technique: T1070.003
# as: user
# short: yes

ln -sf /dev/null ~/.bash_history
