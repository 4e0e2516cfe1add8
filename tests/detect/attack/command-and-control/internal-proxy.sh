# title: A port is handed on to another host
# technique: T1090.001 T1090
# needs: socat

timeout 1 socat TCP-LISTEN:8081,fork,reuseaddr TCP:10.20.0.9:80; true
