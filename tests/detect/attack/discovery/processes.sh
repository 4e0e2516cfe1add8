# title: Processes are listed by ps, and by /proc
# technique: T1057
# needs: ps
# short: yes

ps aux; ps -ef; for p in /proc/[0-9]*; do cat "$p/comm" "$p/cmdline"; done >/dev/null 2>&1; true
