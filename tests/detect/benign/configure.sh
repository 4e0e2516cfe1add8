# title: A configure script compiles and runs many small programs
# needs: cc make

mkdir -p /var/tmp/src && cd /var/tmp/src
cat >configure <<'END'
#!/bin/sh
for header in stdio.h stdlib.h unistd.h sys/mman.h; do
    printf '#include <%s>\nint main(void){return 0;}\n' "$header" >conftest.c
    cc -o conftest conftest.c 2>/dev/null && ./conftest && echo "$header yes"; rm -f conftest*
done
printf 'all:\n\tcc -o prog main.c\ninstall: all\n\tinstall -m 755 prog /usr/local/bin/prog\n' >Makefile
END
chmod +x configure && ./configure && echo 'int main(){return 0;}' >main.c && make && make install && prog
