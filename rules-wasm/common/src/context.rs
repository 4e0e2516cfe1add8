//! What a process is part of: who or what had it run. Goes by installed programs among its ancestors, never by names that
//! anybody can give a file.

use lanner_sdk::prelude::*;

use crate::programs::{is_installed, is_package_management, is_system, is_world_writable};

/// The host's own user namespace (PROC_USER_INIT_INO of include/linux/proc_ns.h).
const FIRST_USER_NAMESPACE: u32 = 0xefff_fffd;

/// What runs jobs by the clock.
static SCHEDULERS: TextSet =
    TextSet::new().equals(&["cron", "crond", "anacron", "atd", "fcron", "busybox-crond", "run-parts"]);
/// What sets up machines as somebody described them.
static CONFIGURATION: TextSet = TextSet::new().equals(&[
    "puppet",
    "chef-client",
    "cinc-client",
    "salt-minion",
    "salt-call",
    "cf-agent",
    "cloud-init",
    "google_guest_agent",
    "waagent",
    "amazon-ssm-agent",
    "ssm-agent-worker",
    "ansible",
    "ansible-playbook",
]);
/// Parts of the paths of what Ansible has the machines run that it sets up.
static ANSIBLE: TextSet = TextSet::new().contains(&["/.ansible/tmp/ansible-tmp-", "/ansible-tmp-", "AnsiballZ_"]);
/// What runs the jobs of continuous integration.
static CI: TextSet = TextSet::new().equals(&[
    "gitlab-runner",
    "Runner.Listener",
    "Runner.Worker",
    "buildkite-agent",
    "drone-runner",
    "woodpecker-agent",
    "teamcity-agent",
    "act_runner",
    "forgejo-runner",
]);
/// What makes programs from their source, without the versions and targets that stand in their names.
static BUILDERS: TextSet = TextSet::new().equals(&[
    "make",
    "gmake",
    "ninja",
    "cmake",
    "meson",
    "bazel",
    "cargo",
    "rustc",
    "rustdoc",
    "gcc",
    "g++",
    "cc",
    "c++",
    "cc1",
    "cc1plus",
    "collect2",
    "as",
    "ld",
    "ld.bfd",
    "ld.gold",
    "ld.lld",
    "mold",
    "clang",
    "clang++",
    "go",
    "compile",
    "link",
    "javac",
    "gradle",
    "mvn",
    "npm",
    "npx",
    "yarn",
    "pnpm",
    "pip",
    "uv",
    "configure",
    "libtool",
    "autoconf",
    "dpkg-buildpackage",
    "debuild",
    "rpmbuild",
    "makepkg",
    "scons",
    "waf",
    "zig",
    "tsc",
    "esbuild",
    "dh",
]);
/// What looks into other processes, or steers them, for those who mend programs.
static DEBUGGERS: TextSet = TextSet::new().equals(&[
    "gdb",
    "gdbserver",
    "lldb",
    "lldb-server",
    "strace",
    "ltrace",
    "rr",
    "dlv",
    "perf",
    "valgrind",
    "bpftrace",
    "uftrace",
    "gcore",
    "py-spy",
    "rbspy",
    "async-profiler",
    "jcmd",
    "jstack",
    "eu-stack",
    "pstack",
    "systemd-coredump",
    "apport",
    "abrt-hook-ccpp",
]);
/// What keeps copies of whole trees.
static BACKUPS: TextSet = TextSet::new().equals(&[
    "rsync",
    "restic",
    "borg",
    "borgmatic",
    "duplicity",
    "bacula-fd",
    "bareos-fd",
    "rdiff-backup",
    "rsnapshot",
    "backuppc",
    "kopia",
    "veeamagent",
    "burp",
    "amandad",
    "timeshift",
    "snapper",
    "etckeeper",
    "rclone",
]);
/// What looks through file systems on a timetable: indexes, scanners, integrity checks.
static SCANNERS: TextSet = TextSet::new().equals(&[
    "updatedb",
    "updatedb.mlocate",
    "updatedb.plocate",
    "aide",
    "tripwire",
    "clamscan",
    "clamd",
    "freshclam",
    "rkhunter",
    "chkrootkit",
    "lynis",
    "debsums",
    "mandb",
    "man-db",
]);
/// What administrators change users and groups with.
static USER_MANAGEMENT: TextSet = TextSet::new().equals(&[
    "useradd",
    "userdel",
    "usermod",
    "groupadd",
    "groupdel",
    "groupmod",
    "adduser",
    "deluser",
    "addgroup",
    "delgroup",
    "passwd",
    "chpasswd",
    "chage",
    "chfn",
    "chsh",
    "gpasswd",
    "vipw",
    "vigr",
    "newusers",
    "pwconv",
    "grpconv",
    "pwck",
    "systemd-sysusers",
    "accounts-daemon",
]);
/// What makes containers and looks after them.
static CONTAINER_RUNTIMES: TextSet = TextSet::new().equals(&[
    "dockerd",
    "docker-init",
    "docker-proxy",
    "docker",
    "containerd",
    "containerd-shim",
    "containerd-shim-runc-v2",
    "runc",
    "crun",
    "youki",
    "crio",
    "conmon",
    "conmonrs",
    "podman",
    "buildah",
    "kubelet",
    "buildkitd",
    "ctr",
    "nerdctl",
    "systemd-nspawn",
    "systemd-machined",
    "lxc-start",
    "lxd",
    "incusd",
    "catatonit",
    "netavark",
    "aardvark-dns",
    "fuse-overlayfs",
    "slirp4netns",
    "pasta",
    "rootlesskit",
]);

/// The process and its ancestors, itself first.
pub fn lineage<'a>(process: &Process<'a>) -> impl Iterator<Item = Process<'a>> {
    std::iter::once(*process).chain(process.ancestors())
}

/// Whether it or one of its ancestors is one of these, as installed.
pub fn is_part_of(process: &Process<'_>, names: &TextSet) -> bool {
    lineage(process).any(|each| is_installed(&each, names))
}

/// Whether it has a terminal: somebody types, or could.
pub fn is_interactive(process: &Process<'_>) -> bool {
    process.tty().is_some()
}

/// Whether it runs in a container.
pub fn is_in_container(process: &Process<'_>) -> bool {
    process.container().is_some()
}

/// Whether a job that runs by the clock had it run. Who can write a job can make this true: it makes findings milder, it
/// does not excuse.
pub fn is_scheduled(process: &Process<'_>) -> bool {
    is_part_of(process, &SCHEDULERS)
}

/// Whether what sets up machines had it run: Ansible, Puppet, Chef, Salt, cloud-init and the agents of clouds.
pub fn is_configuration_management(process: &Process<'_>) -> bool {
    lineage(process).any(|each| {
        is_installed(&each, &CONFIGURATION) || (is_system(&each) && each.args().take(4).any(|arg| ANSIBLE.matches(arg)))
    })
}

/// Whether a job of continuous integration had it run.
pub fn is_ci(process: &Process<'_>) -> bool {
    lineage(process).any(|each| CI.matches(each.name()) && !is_world_writable(each.exe()))
}

/// Whether it is a compiler or the like, or one of these had it run.
pub fn is_build(process: &Process<'_>) -> bool {
    lineage(process).any(|each| {
        let name = each.name();
        let is_builder = BUILDERS.matches(name) || BUILDERS.matches(tool(name.as_bytes()));
        is_builder && !is_world_writable(each.exe())
    })
}

/// The tool of a name such as `x86_64-linux-gnu-gcc-12`: of words joined by `-` the last that is not a version.
fn tool(name: &[u8]) -> &[u8] {
    let is_version = |word: &&[u8]| word.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    name.rsplit(|byte| *byte == b'-').find(|word| !is_version(word)).unwrap_or(name)
}

/// Whether it is a debugger, a tracer or a profiler, or one of these had it run.
pub fn is_debugging(process: &Process<'_>) -> bool {
    is_part_of(process, &DEBUGGERS)
}

/// Whether a program for backups had it run.
pub fn is_backup(process: &Process<'_>) -> bool {
    is_part_of(process, &BACKUPS)
}

/// Whether it looks through whole file systems on purpose: an index, a scanner, a check of integrity.
pub fn is_scanner(process: &Process<'_>) -> bool {
    is_part_of(process, &SCANNERS)
}

/// Whether it is a tool that users and groups are managed with, or one of these had it run.
pub fn is_user_management(process: &Process<'_>) -> bool {
    is_part_of(process, &USER_MANAGEMENT)
}

/// Whether it is part of what makes containers: not what runs in them.
pub fn is_container_runtime(process: &Process<'_>) -> bool {
    !is_in_container(process) && is_installed(process, &CONTAINER_RUNTIMES)
}

/// Whether what sets up a machine had it run, by a description of somebody: packages, configuration management, containers.
pub fn is_provisioning(process: &Process<'_>) -> bool {
    is_package_management(process) || is_configuration_management(process) || is_container_runtime(process)
}

/// Whether it is in a user namespace of somebody's own, not the host's: its capabilities and its mounts are its own too.
pub fn is_in_own_user_namespace(process: &Process<'_>) -> bool {
    process.user_ns().is_some_and(|namespace| namespace != FIRST_USER_NAMESPACE)
}
