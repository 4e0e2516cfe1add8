# title: A user downloads an archive, and unpacks it
# needs: curl wget tar
# as: user
# short: yes

cd ~ && mkdir -p Downloads && curl -s http://192.88.99.7/release.txt -o Downloads/release.txt && wget -q http://192.88.99.7/b.txt -O Downloads/b.txt && tar czf Downloads/a.tgz Downloads/release.txt && tar xzf Downloads/a.tgz -C /tmp && sha256sum Downloads/a.tgz
