# title: nmap scans the neighbours
# technique: T1046
# needs: nmap

nmap -n -Pn -p 22,445,3389,6443 10.20.0.0/28
