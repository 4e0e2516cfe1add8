# title: The screen is copied by a program for it
# technique: T1113
# needs: xwd

DISPLAY=:0 xwd -root -out /tmp/s.xwd; DISPLAY=:0 import -window root /tmp/s.png 2>/dev/null; true
