# title: The machine is told to go down, which nobody hears
# technique: T1529
# needs: /sbin/shutdown

/sbin/shutdown -k now 2>/dev/null; systemctl poweroff 2>/dev/null; true
