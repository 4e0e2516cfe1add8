# title: A developer's server serves a folder
# needs: python3 curl
# as: user
# short: yes

cd ~/Documents && python3 -m http.server --bind 127.0.0.1 8093 >/dev/null 2>&1 &
for i in 1 2 3 4 5 6 7 8 9 10; do curl -s -o /dev/null http://127.0.0.1:8093/ && break; sleep 0.1; done; kill $!
