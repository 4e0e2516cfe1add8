# title: A user debugs his own program with gdb
# needs: gdb cc
# as: user

cd ~ && printf 'int f(int x){return x*2;}\nint main(void){return f(0);}\n' >d.c && cc -g -O0 -o d d.c
gdb -batch -ex 'break f' -ex run -ex bt -ex 'print x' -ex continue ./d
