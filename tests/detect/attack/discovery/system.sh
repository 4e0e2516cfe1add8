# title: What machine it is
# technique: T1082
# needs: uname

uname -a; cat /etc/os-release /etc/issue /proc/version /proc/cpuinfo; lscpu; hostnamectl 2>/dev/null; df -h; free -m; uptime; true
