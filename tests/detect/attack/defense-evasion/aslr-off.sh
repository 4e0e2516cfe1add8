# title: Protections of the kernel are switched off
# technique: T1562.001 T1562
# needs: sysctl

sysctl -w kernel.randomize_va_space=0; sysctl -w kernel.kptr_restrict=0; echo 0 >/proc/sys/kernel/yama/ptrace_scope; true
