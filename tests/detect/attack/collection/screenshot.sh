# title: The screen is copied from its device
# technique: T1113
# needs: cat

cat /dev/fb0 >/tmp/s.raw
