# title: A user's program is root without having been setuid (its parent gave it that)
# technique: T1068
# needs: cc
# short: yes

cp "$BUILT" /tmp/rise && /tmp/rise
