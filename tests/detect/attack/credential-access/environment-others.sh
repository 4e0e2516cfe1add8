# title: Environments of all processes are searched for secrets
# technique: T1552.001 T1003.007 T1552

for process in /proc/[0-9]*; do tr '\0' '\n' <"$process/environ" 2>/dev/null | grep -i -e password -e secret -e token; done; true
