# title: nmap's scripts look for weaknesses of a public server
# technique: T1595.002
# needs: nmap

nmap -Pn -n -p 80 --script http-enum 192.88.99.7 2>&1 || true
