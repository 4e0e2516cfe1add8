# title: The address that the world sees is asked for
# technique: T1016.001 T1016
# needs: curl

curl -s http://ifconfig.example/ip; curl -s http://icanhazip.example; ping -c1 -W1 192.88.99.7 2>/dev/null; true
