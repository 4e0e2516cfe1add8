# title: The loader of programs is told to run one that may not be run
# technique: T1202 T1218

cp /bin/true /tmp/t && chmod -x /tmp/t
/lib64/ld-linux-x86-64.so.2 /tmp/t
