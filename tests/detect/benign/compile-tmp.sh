# title: A user compiles in /tmp and runs what comes out
# needs: cc
# as: user
# short: yes

mkdir -p /tmp/build && cd /tmp/build
printf '#include <stdio.h>\nint main(void){puts("hello");return 0;}\n' >hello.c
cc -Wall -O2 -c hello.c && cc -o hello hello.o && ./hello
