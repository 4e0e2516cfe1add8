# title: podman builds an image from nothing and runs it
# needs: podman busybox
# in: host

mkdir -p i && cp /bin/busybox i/ && cd i && printf 'FROM scratch\nCOPY busybox /bin/sh\nCMD ["/bin/sh","-c","true"]\n' >Dockerfile
own=$(mktemp -d)
pod() { timeout 60 podman --root "$own/a" --runroot "$own/b" --tmpdir "$own/c" --storage-driver vfs --cgroup-manager cgroupfs "$@"; }
pod build --isolation chroot -t detect . && pod run --pull never --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 --rm --network none detect
rm -rf "$own" || { sleep 1; rm -rf "$own"; }
