# title: A program in /tmp is called as a daemon is
# technique: T1036.005
# short: yes

mkdir -p /tmp/.ICE && cp /bin/sleep /tmp/.ICE/sshd
/tmp/.ICE/sshd 0.1
