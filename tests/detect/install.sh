#!/bin/sh
# Installs the Debian packages of programs: `install.sh PROGRAM…`. Services that come with them are not started.
set -eu

package() {
    case $1 in
        nc | nc.openbsd) echo netcat-openbsd ;;
        ncat) echo ncat ;;
        sshd) echo openssh-server ;;
        crontab) echo cron ;;
        insmod | modprobe | rmmod | lsmod | depmod) echo kmod ;;
        nft) echo nftables ;;
        ansible) echo ansible-core ;;
        mariadbd | mariadb-install-db) echo mariadb-server ;;
        dig) echo bind9-dnsutils ;;
        php) echo php-cli ;;
        cc) echo gcc ;;
        pip3) echo python3-pip ;;
        auditctl) echo auditd ;;
        ar) echo binutils ;;
        xwd) echo x11-apps ;;
        setfattr) echo attr ;;
        docker | dockerd) echo docker.io ;;
        redis-server | redis-cli) echo "redis-server redis-tools" ;;
        busybox) echo busybox-static ;;
        apache2 | apache2ctl) echo apache2 ;;
        7z) echo p7zip-full ;;
        upx) echo upx-ucl ;;
        ldapsearch) echo ldap-utils ;;
        ping) echo iputils-ping ;;
        showmount) echo nfs-common ;;
        rustc | cargo) echo rustc cargo ;;
        /usr/lib/postgresql/*) echo postgresql ;;
        *) echo "$1" ;;
    esac
}

command -v apt-get >/dev/null || { echo "no apt-get here: cases that need $* are skipped" >&2; exit 0; }
packages=
for program in "$@"; do
    for package in $(package "$program"); do
        if LC_ALL=C apt-cache policy "$package" | grep -q 'Candidate: [0-9]'; then
            packages="$packages $package"
        else
            echo "Debian has no $program: cases that need it are skipped" >&2
        fi
    done
done
[ "$packages" ] || exit 0
# What policy-rc.d says keeps services from being started; one that is there stays.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
echo "installing$packages" >&2
# shellcheck disable=SC2086 # a list
DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends $packages >&2
