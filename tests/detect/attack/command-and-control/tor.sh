# title: Ports of Tor are connected to
# technique: T1090.003 T1090
# needs: bash

cp /bin/bash /tmp/tor
/tmp/tor -c 'exec 3<>/dev/tcp/192.88.99.7/9001'
curl -s --socks5-hostname 192.88.99.7:9050 --max-time 1 http://abcdefghijklmnop.onion/; true
