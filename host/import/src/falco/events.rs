//! Falco's types of events, and the kinds that they are here.

use lanner_abi::Kind;

/// What Falco calls the events of a kind.
pub(crate) struct Called {
    pub(crate) kind: Kind,
    /// What is shown: a kind does not say by which of several calls something was done.
    pub(crate) shown: &'static str,
    /// Those that have to be named for all of the kind to be meant.
    pub(crate) main: &'static [&'static str],
    /// Others that the kind has too, and that are rare.
    pub(crate) also: &'static [&'static str],
    /// What of the type is not told by the kind.
    pub(crate) lacks: Option<Lack>,
}

/// What of a type of event is not told.
pub(crate) struct Lack {
    /// The rest of a sentence.
    pub(crate) what: &'static str,
    /// Who asks for this field means what is told.
    pub(crate) unless: Option<&'static str>,
}

const fn called(kind: Kind, main: &'static [&'static str]) -> Called {
    Called { kind, shown: main[0], main, also: &[], lacks: None }
}

const fn with(kind: Kind, main: &'static [&'static str], also: &'static [&'static str]) -> Called {
    Called { kind, shown: main[0], main, also, lacks: None }
}

const fn lacking(
    kind: Kind,
    main: &'static [&'static str],
    also: &'static [&'static str],
    what: &'static str,
    unless: Option<&'static str>,
) -> Called {
    Called { kind, shown: main[0], main, also, lacks: Some(Lack { what, unless }) }
}

pub(crate) const EVENTS: &[Called] = &[
    with(Kind::Exec, &["execve"], &["execveat"]),
    with(Kind::ExecFailed, &["execve"], &["execveat"]),
    with(Kind::Fork, &["clone"], &["clone3", "fork", "vfork"]),
    with(Kind::Exit, &["procexit"], &[]),
    with(
        Kind::Credentials,
        &["setuid", "setresuid", "setreuid", "setgid", "setresgid", "setregid", "capset"],
        &["setfsuid", "setfsgid", "setgroups"],
    ),
    lacking(
        Kind::Ptrace,
        &["ptrace"],
        &[],
        "what only steers or reads who is traced already is not told",
        Some("evt.arg.request"),
    ),
    lacking(
        Kind::Signal,
        &["kill", "tkill", "tgkill"],
        &["rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal"],
        "what a process sends itself is not told",
        None,
    ),
    lacking(Kind::Prctl, &["prctl"], &[], "options that only ask are not told", Some("evt.arg.option")),
    called(Kind::Setns, &["setns"]),
    called(Kind::Unshare, &["unshare"]),
    called(Kind::Chroot, &["chroot"]),
    called(Kind::PivotRoot, &["pivot_root"]),
    called(Kind::ProcessMemory, &["process_vm_readv", "process_vm_writev"]),
    with(Kind::Open, &["open", "openat", "openat2"], &["creat", "open_by_handle_at"]),
    called(Kind::Unlink, &["unlink", "unlinkat", "rmdir"]),
    called(Kind::Rename, &["rename", "renameat", "renameat2"]),
    called(Kind::Link, &["link", "linkat"]),
    called(Kind::Symlink, &["symlink", "symlinkat"]),
    with(Kind::Chmod, &["chmod", "fchmod", "fchmodat"], &["fchmodat2"]),
    called(Kind::Chown, &["chown", "lchown", "fchown", "fchownat"]),
    called(Kind::Truncate, &["truncate", "ftruncate"]),
    called(Kind::Utimes, &["utimensat", "utimes", "utime", "futimesat"]),
    with(
        Kind::Xattr,
        &["setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"],
        &["setxattrat", "removexattrat"],
    ),
    with(Kind::Mount, &["mount"], &["move_mount"]),
    with(Kind::Umount, &["umount2"], &["umount"]),
    called(Kind::Mkdir, &["mkdir", "mkdirat"]),
    called(Kind::Mknod, &["mknod", "mknodat"]),
    called(Kind::Memfd, &["memfd_create"]),
    lacking(
        Kind::Mmap,
        &["mmap", "mmap2"],
        &[],
        "only memory that can be executed and is of no file, or can be written too, is told",
        None,
    ),
    lacking(Kind::Mprotect, &["mprotect"], &[], "only what makes memory executable is told", None),
    called(Kind::ModuleLoad, &["finit_module", "init_module"]),
    called(Kind::ModuleUnload, &["delete_module"]),
    called(Kind::Kexec, &["kexec_load", "kexec_file_load"]),
    lacking(Kind::Bpf, &["bpf"], &[], "what reads and writes maps is not told", Some("evt.arg.cmd")),
    called(Kind::PerfEvent, &["perf_event_open"]),
    called(Kind::Userfaultfd, &["userfaultfd"]),
    called(Kind::IoUring, &["io_uring_setup"]),
    called(Kind::Connect, &["connect"]),
    called(Kind::Bind, &["bind"]),
    called(Kind::Listen, &["listen"]),
    called(Kind::Accept, &["accept", "accept4"]),
    lacking(
        Kind::Send,
        &["sendto", "sendmsg"],
        &["sendmmsg"],
        "only what is sent to an address that is given with it is told, not what goes over a connection",
        Some("fd.connected"),
    ),
    called(Kind::Socket, &["socket"]),
    lacking(
        Kind::Dup,
        &["dup", "dup2", "dup3"],
        &[],
        "only sockets that are put behind standard input, output or error are told",
        Some("evt.rawres"),
    ),
];

/// What is known of a kind.
pub(super) fn of(kind: Kind) -> Option<&'static Called> {
    EVENTS.iter().find(|called| called.kind == kind)
}

/// How a type of event is to a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Is {
    /// All events of the kind are of one of the types.
    All,
    /// Some are, and which is not known.
    Some,
    /// None is.
    None,
}

impl Called {
    /// How its events are to these types.
    pub(crate) fn is(&self, types: &[&str]) -> Is {
        let names = |name: &&str| types.contains(name);
        if self.main.iter().all(names) {
            Is::All
        } else if self.main.iter().chain(self.also).any(names) {
            Is::Some
        } else {
            Is::None
        }
    }
}

/// Whether some kind has events of this type.
pub(super) fn is_told(name: &str) -> bool {
    EVENTS.iter().any(|called| called.main.iter().chain(called.also).any(|known| *known == name))
}

/// Whether it looks like the name of a system call or an event, so that Falco may know it.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
