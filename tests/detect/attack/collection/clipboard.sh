# title: The clipboard is read, again and again
# technique: T1115
# needs: xclip

for i in 1 2 3; do DISPLAY=:0 xclip -o -selection clipboard 2>/dev/null; done; true
