# title: make builds a library and tests it, in /tmp
# needs: make cc
# as: user

mkdir -p /tmp/lib && cd /tmp/lib
printf 'int f(int x){return x+1;}\n' >f.c; printf 'int f(int);int main(void){return f(1)!=2;}\n' >test.c
printf 'all: test\n\t./test\ntest: test.o libf.a\n\t$(CC) -o $@ test.o libf.a\nlibf.a: f.o\n\tar rcs $@ $^\nclean:\n\trm -f *.o *.a test\n' >Makefile
make && make clean
