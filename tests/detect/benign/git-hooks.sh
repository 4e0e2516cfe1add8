# title: A project's hooks are installed, as pre-commit does
# needs: git
# as: user

mkdir -p ~/w2 && cd ~/w2 && git init -q . && git config user.name a && git config user.email a@example.org
printf '#!/bin/sh\nexec true\n' >.git/hooks/pre-commit && chmod +x .git/hooks/pre-commit && echo a >a && git add a && git commit -qm a
