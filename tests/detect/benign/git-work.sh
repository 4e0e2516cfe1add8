# title: A user works with git
# needs: git
# as: user
# short: yes

mkdir -p ~/w && cd ~/w && git init -q . && git config user.name a && git config user.email a@example.org
echo a >a && git add a && git commit -qm a && git checkout -qb b && echo b >>a && git commit -qam b && git log --oneline && git diff HEAD~1 && git stash list && git gc -q
