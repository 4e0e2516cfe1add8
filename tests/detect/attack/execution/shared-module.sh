# title: A library from /tmp is loaded into Python
# technique: T1129
# needs: cc python3

printf 'int f(void){return 0;}\n' >/tmp/m.c && cc -shared -fPIC -o /tmp/libm0.so /tmp/m.c
python3 -c 'import ctypes; ctypes.CDLL("/tmp/libm0.so").f()'
