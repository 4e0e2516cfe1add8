# title: node serves, and asks a name server
# needs: node curl
# as: user

cat >~/s.js <<'END'
const http = require("http"), dns = require("dns");
const s = http.createServer((q, r) => r.end("ok")).listen(8094, "127.0.0.1", () =>
  http.get("http://127.0.0.1:8094/", r => { r.resume(); dns.lookup("www.example.org", () => s.close()); r.on("end", () => s.closeAllConnections && s.closeAllConnections()); }));
END
timeout 10 node ~/s.js
