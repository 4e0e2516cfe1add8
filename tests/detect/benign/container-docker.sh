# title: Docker's daemon starts; an image is built, a container started, looked at, stopped and removed
# needs: dockerd docker busybox
# in: host

daemon() {
    dockerd --bridge=none --iptables=false --ip6tables=false --ip-forward=false --data-root "$PLACE/data" --exec-root "$PLACE/exec" \
        --pidfile "$PLACE/pid" --host="unix://$PLACE/docker.sock" >/dev/null 2>&1 &
    export DOCKER_HOST="unix://$PLACE/docker.sock" DOCKER_CONFIG="$PLACE"
    until docker version >/dev/null 2>&1; do sleep 0.1; kill -0 $! || exit 127; done
    mkdir -p root/bin && cp /bin/busybox root/bin/ && ln -s busybox root/bin/sh && tar c -C root . | docker import - base >/dev/null
}
daemon
mkdir app && printf 'FROM base\nLABEL a=b\nCMD ["/bin/busybox", "sleep", "9"]\n' >app/Dockerfile
DOCKER_BUILDKIT=0 docker build -q -t app app 2>/dev/null
docker run --pull never -d --name web --network none app && docker ps && docker logs web && docker inspect web >/dev/null
docker stop -t 0 web && docker rm web && docker rmi -f app
kill "$(cat "$PLACE/pid")"; wait
