#!/bin/busybox sh
# The first process of a guest that `cargo xtask kernels` boots. Makes of the initramfs what a Linux system has, runs
# the programs, and says on the console how each ended, in the words that report.rs looks for.

export PATH=/bin NO_COLOR=1
# Whatever a test needs is here, so one that cannot run has failed.
export LANNER_REQUIRE_KERNEL=1

# Runs a program in a session of its own, as a service manager does.
step() {
    local name=$1
    shift
    echo "=== $name begins"
    setsid "$@"
    echo "=== $name ended with status $?"
}

# === The system ===

busybox mkdir -p /dev /etc /proc /sys /tmp
busybox mount -t proc proc /proc
# All its other names, such as /bin/true. Finds itself in /proc.
busybox --install -s /bin
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
ln -s /proc/self/fd /dev/fd
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /tmp
ip link set lo up
echo 'root:*:20000:0:99999:7:::' >/etc/shadow
chmod 600 /etc/shadow
# The only module that a test needs. Where it is compressed, the kernel first complains of that.
insmod "/lib/modules/$(uname -r)"/overlay.ko*

# === The programs ===

step 'probe tests' probe-tests --show-output
step 'smoke run' lanner run --rules /packs --self-test --for 10s

poweroff -f
