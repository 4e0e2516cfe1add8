# title: bash tries many ports of a host
# technique: T1046
# needs: bash

bash -c 'for port in $(seq 1 60); do (exec 3<>"/dev/tcp/10.20.0.9/$port") 2>/dev/null && echo "$port"; done; true'
