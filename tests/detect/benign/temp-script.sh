# title: A script writes another into a temporary file and has sh run it
# needs: mktemp
# short: yes

f=$(mktemp) && printf 'echo done\n' >"$f" && sh "$f" && rm "$f"; d=$(mktemp -d) && echo 1 >"$d/a" && rm -r "$d"
