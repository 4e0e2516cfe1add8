# title: Windows of the desktop are listed
# technique: T1010
# needs: xdotool

xdotool search --name . 2>/dev/null; wmctrl -l 2>/dev/null; true
