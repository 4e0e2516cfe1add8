#!/bin/sh
# Sets a scene and runs a case in it: `scene.sh SCRIPT INTERPRETER…`, as `cargo xtask detect` starts it, within namespaces of
# its own. It says `ready`, waits for a line, runs the case, and says `done STATUS`.
#
# Nothing that a case does stays: what it may write lies in folders and memory that are thrown away with the namespaces, all
# else is read-only, and the network ends within its namespace. What it may write looks as it does on a host: /root, /home,
# /tmp, /var/tmp and /srv lie on the disk, /dev/shm and /run in memory; /etc and the rest of /var are overlays over the
# machine's own.
set -eu
umask 022
script=$1
shift
# Where they can be reached whatever is hidden by mounts: the clone may lie in any folder.
scene=/mnt/scene
planted=/mnt/planted
layers=/mnt/layers

# What is mounted is collected, and mounted at once: a program for each mount would take longer than most cases. Sources are
# called `scene`, as `mount --all` passes over what seems to be mounted already.
mounts=
later() { mounts="$mounts$1 $2 $3 $4 0 0
"; }

# A folder whose changes are thrown away, with what was planted there.
overlay() { later scene "$1" overlay "lowerdir=$1,upperdir=$layers/upper$1,workdir=$layers/work$1"; }

# A folder of the scene, with what was planted there and nothing else.
own() { later "$scene/own$1" "$2$1" none bind; }

network() {
    ip link add eth0 type dummy 2>/dev/null || ip link add eth0 type veth peer name eth1
    # Every address is this machine's: nothing leaves, and whoever listens here answers as if he were far away.
    ip -force -batch - <<END 2>/dev/null || :
link set lo up
link set eth0 up
addr add 10.20.0.2/24 dev eth0 noprefixroute
route add local 0.0.0.0/0 dev lo
END
    ip -6 route add local ::/0 dev lo 2>/dev/null || :
    mkfifo "$layers/online"
    "$DETECT_INTERNET" detect --internet >"$layers/online" </dev/null &
    hostname scene
}

# Nodes of its own, without the machine's disks, memory and consoles.
devices() {
    dev=$layers/dev
    mkdir -p "$dev/pts" "$dev/shm" "$dev/mqueue" "$dev/net" "$dev/input" "$dev/snd"
    nodes=
    for node in null zero full random urandom tty fuse kvm net/tun userfaultfd fd stdin stdout stderr; do
        [ ! -e "/dev/$node" ] || nodes="$nodes ./$node"
    done
    # shellcheck disable=SC2086 # a list
    (cd /dev && cp -a --parents $nodes "$dev")
    ln -s pts/ptmx "$dev/ptmx"
    # What only looks like keyboards, cameras and microphones.
    for node in input/event0 input/mice video0 snd/pcmC0D0c snd/controlC0 fb0 mem kmem port; do : >"$dev/$node"; done
    if [ "$DETECT_DISK" ]; then
        truncate -s 4M "$scene/disk"
        disk=$(losetup --find --show "$scene/disk")
        mknod "$dev/sdb" b "$((0x$(stat -c %t "$disk")))" "$((0x$(stat -c %T "$disk")))"
        # It goes when nobody has it open any more, which is when the scene ends, however it ends.
        exec 8<"$disk"
        losetup --detach "$disk"
    fi
    later "$dev" /dev none bind
    later scene /dev/pts devpts newinstance,ptmxmode=0666
    later scene /dev/shm tmpfs mode=1777
}

# The kernel's switches can be read; some can be written to, which does nothing.
switches() {
    later /proc/sys /proc/sys none bind,ro
    mkdir "$layers/switches"
    for switch in sys/kernel/core_pattern sys/kernel/randomize_va_space sys/kernel/kptr_restrict sys/kernel/modprobe \
        sys/kernel/dmesg_restrict sys/kernel/perf_event_paranoid sys/kernel/sysrq sys/kernel/panic sys/vm/nr_hugepages \
        sys/vm/drop_caches sys/vm/overcommit_memory sys/net/ipv4/ip_forward sys/net/ipv4/icmp_echo_ignore_all \
        sys/fs/suid_dumpable sys/fs/binfmt_misc/register sys/kernel/yama/ptrace_scope sysrq-trigger; do
        [ -e "/proc/$switch" ] || continue
        switches=$((${switches:-0} + 1))
        echo 0 >"$layers/switches/$switches"
        later "$layers/switches/$switches" "/proc/$switch" none bind
    done
    later scene /sys sysfs ro
}

# A control group as a container runtime makes one.
control_group() {
    group=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
    mkdir -p "$group/docker/$DETECT_CONTAINER"
    echo 0 >"$group/docker/$DETECT_CONTAINER/cgroup.procs"
}

# A root of its own.
container() {
    root=$layers/root
    mkdir -p "$root" "$layers/upper/old" "$layers/upper/var/run" "$layers/work"
    : >"$layers/upper/.dockerenv"
    later scene "$root" overlay "lowerdir=/,upperdir=$layers/upper,workdir=$layers/work"
    for folder in /root /home /tmp /srv; do own "$folder" "$root"; done
    for folder in /dev /sys /proc; do later "$folder" "$root$folder" none rbind; done
}

host_like() {
    folders="/etc /var /opt /usr/local /boot $DETECT_WRITES"
    # shellcheck disable=SC2086 # a list
    (cd "$layers" && mkdir -p upper work && for folder in $folders; do echo "upper$folder" "work$folder"; done | xargs mkdir -p)
    for folder in $folders; do overlay "$folder"; done
    for folder in /root /home /tmp /var/tmp /srv; do own "$folder" ''; done
    later scene /run tmpfs mode=755
}

if [ "$DETECT_PLACE" = host ]; then
    cd /
else
    [ "$DETECT_PLACE" != container ] || control_group
    mount -t tmpfs tmpfs /mnt
    mkdir "$scene" "$planted" "$layers"
    mount --bind "$DETECT_SCENE" "$scene"
    mount --bind "$DETECT_PLANTED" "$planted"
    # The machine's own, but for what has been bound just now.
    awk '$2 !~ "^/(proc|sys|dev|mnt)(/|$)" { print $2 }' /proc/mounts | sort -u | while read -r there; do
        mount -o remount,bind,ro "$there" 2>/dev/null || :
    done
    network
    devices
    switches
    # `own` is made of what lies on the disk, `upper` of what lies over the machine's own.
    cp -a "$planted/own" "$scene/"
    cp -a "$planted/upper" "$layers/"
    cp -a "$scene/srv/." "$scene/own/srv/"
    if [ "$DETECT_PLACE" = container ]; then container; else host_like; fi
    printf %s "$mounts" >"$layers/fstab"
    # The internet is a program that what is mounted may hide.
    read -r _ <"$layers/online"
    mount --all --fstab "$layers/fstab"
    if [ "$DETECT_PLACE" = container ]; then
        cd "$root"
        pivot_root . old
        umount -l /old
        rmdir /old
    else
        cp -a "$planted/upper/run/." /run/
        # Hides how it is made.
        mount -t tmpfs -o size=1m tmpfs /mnt
    fi
fi

# === The case ===

home=/root
set -- "$@" "$script"
[ ! "$DETECT_TTY" ] || set -- script -qec "$*" /dev/null
if [ "$DETECT_PLACE" = host ]; then
    place=$DETECT_SCENE/srv
else
    place=/srv
fi
: >"$place/out"
exec 9>>"$place/out"
case $DETECT_AS in
    root) as= ;;
    *) as="setpriv --reuid 1000 --regid 1000 --init-groups --reset-env" home=/home/ann ;;
esac
# Docker's own set, for those who are root.
allowed=+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw,+sys_chroot,+mknod
allowed=$allowed,+audit_write,+setfcap
if [ "$DETECT_PLACE" = container ] && [ ! "$as" ]; then
    as="setpriv --bounding-set -all,$allowed --inh-caps -all"
fi
# shellcheck disable=SC2086 # words
set -- $as env -i PATH="$PATH" LANG="$LANG" TERM="$TERM" SHELL=/bin/bash HOME="$home" USER="$DETECT_AS" \
    LOGNAME="$DETECT_AS" BUILT="$place/built" PLACE="$place" \
    sh -c 'cd "$HOME" && echo ready && read -r _ && cd "$PLACE" && exec "$@" </dev/null >&9 2>&9 8<&- 9>&-' sh "$@"
set +e
"$@"
status=$?
echo "done $status"
