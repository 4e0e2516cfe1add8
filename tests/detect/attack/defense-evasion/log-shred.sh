# title: Logs are overwritten and removed
# technique: T1070.002
# needs: shred

shred -fuz /var/log/auth.log /var/log/btmp
