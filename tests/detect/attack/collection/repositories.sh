# title: Repositories are packed and searched for secrets
# technique: T1213.003
# needs: git

cd /srv/git/app && git log -p 2>/dev/null | grep -i secret; tar czf /tmp/g.tgz /srv/git; true
