# title: An image is built on a server
# technique: T1612
# needs: docker

mkdir -p /var/tmp/b && cd /var/tmp/b && printf 'FROM scratch\nCOPY x /x\n' >Dockerfile && cp /bin/true x
timeout 5 docker build -t x . ; true
