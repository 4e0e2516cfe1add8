# title: A user changes many of his files
# as: user

cd ~/Pictures && for f in *.jpg; do cp "$f" "small-$f"; mv "small-$f" "${f%.jpg}-small.jpg"; touch -r "$f" "${f%.jpg}-small.jpg"; done; rm -f ./*-small.jpg
