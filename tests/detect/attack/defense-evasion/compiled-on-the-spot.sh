# title: A downloaded source is compiled in /tmp and run
# technique: T1027.004
# needs: gcc

cd /tmp && printf 'int main(){return 0;}\n' >x.c
gcc -o x x.c && rm x.c && ./x
