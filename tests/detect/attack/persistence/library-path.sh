# title: The loader is to look for libraries in /tmp first
# technique: T1574.006 T1574

echo /tmp/lib >/etc/ld.so.conf.d/00-local.conf
