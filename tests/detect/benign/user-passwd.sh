# title: An administrator locks and unlocks an account
# needs: passwd chage

passwd -l ann; passwd -u ann 2>/dev/null; passwd -S ann; chage -l ann; true
