# title: docker starts a container that may do everything, and that reads the host's files
# technique: T1610 T1611
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
docker run --pull never --rm --privileged --pid=host --network none -v /etc/hostname:/host/etc/hostname:ro base /bin/sh -c 'busybox cat /host/etc/hostname; busybox ls /proc/1/root'
kill "$(cat "$PLACE/pid")"; wait
