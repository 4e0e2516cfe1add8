# title: A shell keeps a connection to an odd port
# technique: T1095 T1571
# needs: bash

bash -c 'exec 3<>/dev/tcp/192.88.99.7/31337; read -r line <&3; echo done >&3'
