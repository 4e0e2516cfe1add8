# title: nmap scans a public network for services
# technique: T1595.001 T1046
# needs: nmap

nmap -Pn -n -T4 -p 22,80,443 192.88.99.0/29
