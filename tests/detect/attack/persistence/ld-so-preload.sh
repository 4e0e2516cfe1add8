# title: A library is loaded into every program
# technique: T1574.006
# short: yes

echo /usr/local/lib/libsys.so >/tmp/l && cp /tmp/l /etc/ld.so.preload; rm /etc/ld.so.preload
