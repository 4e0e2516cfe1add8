//! Numbers as the names that people write in rules.

use lanner_abi::process_flag;
use serde::{Deserialize, Serialize};

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Table {
    /// Flags of open(2): `O_TRUNC|O_CREAT|O_WRONLY`. The file was created: `O_F_CREATED`.
    OpenFlags,
    /// Permissions of a file: `S_ISUID|S_IXUSR`.
    Mode,
    /// Capabilities: `CAP_CHOWN CAP_SYS_ADMIN`.
    Capabilities,
    /// Flags of clone(2), unshare(2) and setns(2): `CLONE_NEWNS|CLONE_NEWUSER`.
    CloneFlags,
    /// Flags of mount(2).
    MountFlags,
    /// Memory protection.
    Protection,
    /// Requests of ptrace(2).
    PtraceRequest,
    /// Commands of bpf(2).
    BpfCommand,
    /// Options of prctl(2).
    PrctlOption,
    /// Address families, as of socket(2).
    Family,
    /// Types of sockets.
    SocketType,
    /// Protocols of IP, in lower case: `tcp`.
    Protocol,
    /// What a call returned: `SUCCESS`, or the name of the error.
    Outcome,
    /// Signals.
    Signal,
    /// What there is to say of an executable: `EXE_WRITABLE|EXE_UPPER_LAYER`.
    Executable,
    /// What a socket's family is called as a descriptor's type: `ipv4`.
    SocketKind,
    /// Likewise in a letter: `4`.
    SocketLetter,
    /// Whether it is of the internet: `ip`, or `unix`.
    SocketFamily,
}

/// What stands for a number of which bits are set.
struct Bits {
    separator: &'static str,
    /// Of which bits (the mask) which have to be set for the name, in the order in which they are written.
    names: &'static [(u64, u64, &'static str)],
}

macro_rules! bits {
    ($separator:literal: $($name:literal = $value:expr),* $(,)?) => {
        Bits { separator: $separator, names: &[$(($value, $value, $name)),*] }
    };
}

const OPEN_FLAGS: Bits = Bits {
    separator: "|",
    names: &[
        (0o100_000, 0o100_000, "O_LARGEFILE"),
        (0o200_000, 0o200_000, "O_DIRECTORY"),
        (0o40_000, 0o40_000, "O_DIRECT"),
        (0o1_000, 0o1_000, "O_TRUNC"),
        (0o4_010_000, 0o4_010_000, "O_SYNC"),
        (0o4_000, 0o4_000, "O_NONBLOCK"),
        (0o200, 0o200, "O_EXCL"),
        (0o10_000, 0o10_000, "O_DSYNC"),
        (0o2_000, 0o2_000, "O_APPEND"),
        (0o100, 0o100, "O_CREAT"),
        (0o3, 0o2, "O_RDWR"),
        (0o3, 0o1, "O_WRONLY"),
        (0o3, 0o0, "O_RDONLY"),
        (0o2_000_000, 0o2_000_000, "O_CLOEXEC"),
        (0o20_200_000, 0o20_200_000, "O_TMPFILE"),
        (0o400_000, 0o400_000, "O_NOFOLLOW"),
        (0o10_000_000, 0o10_000_000, "O_PATH"),
        (CREATED, CREATED, "O_F_CREATED"),
    ],
};
/// Among the flags of an open: it created the file. No flag of the kernel's.
pub(crate) const CREATED: u64 = 1 << 40;

const MODE: Bits = bits! { "|":
    "S_IXOTH" = 0o1, "S_IWOTH" = 0o2, "S_IROTH" = 0o4, "S_IXGRP" = 0o10, "S_IWGRP" = 0o20, "S_IRGRP" = 0o40,
    "S_IXUSR" = 0o100, "S_IWUSR" = 0o200, "S_IRUSR" = 0o400, "S_ISVTX" = 0o1000, "S_ISGID" = 0o2000, "S_ISUID" = 0o4000,
};

const CLONE_FLAGS: Bits = bits! { "|":
    "CLONE_NEWTIME" = 0x80, "CLONE_VM" = 0x100, "CLONE_FS" = 0x200, "CLONE_FILES" = 0x400, "CLONE_SIGHAND" = 0x800,
    "CLONE_PIDFD" = 0x1000, "CLONE_PTRACE" = 0x2000, "CLONE_VFORK" = 0x4000, "CLONE_PARENT" = 0x8000,
    "CLONE_THREAD" = 0x10000, "CLONE_NEWNS" = 0x20000, "CLONE_SYSVSEM" = 0x40000, "CLONE_SETTLS" = 0x80000,
    "CLONE_PARENT_SETTID" = 0x0010_0000, "CLONE_CHILD_CLEARTID" = 0x0020_0000, "CLONE_UNTRACED" = 0x0080_0000,
    "CLONE_CHILD_SETTID" = 0x0100_0000, "CLONE_NEWCGROUP" = 0x0200_0000, "CLONE_NEWUTS" = 0x0400_0000,
    "CLONE_NEWIPC" = 0x0800_0000, "CLONE_NEWUSER" = 0x1000_0000, "CLONE_NEWPID" = 0x2000_0000,
    "CLONE_NEWNET" = 0x4000_0000, "CLONE_IO" = 0x8000_0000,
};

const MOUNT_FLAGS: Bits = bits! { "|":
    "RDONLY" = 0x1, "NOSUID" = 0x2, "NODEV" = 0x4, "NOEXEC" = 0x8, "SYNCHRONOUS" = 0x10, "REMOUNT" = 0x20,
    "MANDLOCK" = 0x40, "DIRSYNC" = 0x80, "NOATIME" = 0x400, "NODIRATIME" = 0x800, "BIND" = 0x1000, "MOVE" = 0x2000,
    "REC" = 0x4000, "SILENT" = 0x8000, "POSIXACL" = 0x10000, "UNBINDABLE" = 0x20000, "PRIVATE" = 0x40000,
    "SLAVE" = 0x80000, "SHARED" = 0x0010_0000, "RELATIME" = 0x0020_0000, "STRICTATIME" = 0x0100_0000,
};

const PROTECTION: Bits = bits! { "|": "PROT_READ" = 1, "PROT_WRITE" = 2, "PROT_EXEC" = 4 };

/// By their numbers (include/uapi/linux/capability.h).
const CAPABILITIES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

/// As [`lanner_abi::process_flag`] has them.
const EXECUTABLE: Bits = bits! { "|":
    "EXE_WRITABLE" = process_flag::EXE_WRITABLE as u64, "EXE_UPPER_LAYER" = process_flag::EXE_UPPER as u64,
    "EXE_FROM_MEMFD" = process_flag::EXE_MEMFD as u64,
};

const SOCKET_KIND: Named = &[(1, "unix"), (2, "ipv4"), (10, "ipv6"), (16, "netlink")];
const SOCKET_LETTER: Named = &[(1, "u"), (2, "4"), (10, "6"), (16, "n")];
const SOCKET_FAMILY: Named = &[(1, "unix"), (2, "ip"), (10, "ip")];

type Named = &'static [(u64, &'static str)];

const PTRACE: Named = &[
    (0, "PTRACE_TRACEME"),
    (1, "PTRACE_PEEKTEXT"),
    (2, "PTRACE_PEEKDATA"),
    (3, "PTRACE_PEEKUSR"),
    (4, "PTRACE_POKETEXT"),
    (5, "PTRACE_POKEDATA"),
    (6, "PTRACE_POKEUSR"),
    (7, "PTRACE_CONT"),
    (8, "PTRACE_KILL"),
    (9, "PTRACE_SINGLESTEP"),
    (12, "PTRACE_GETREGS"),
    (13, "PTRACE_SETREGS"),
    (14, "PTRACE_GETFPREGS"),
    (15, "PTRACE_SETFPREGS"),
    (16, "PTRACE_ATTACH"),
    (17, "PTRACE_DETACH"),
    (24, "PTRACE_SYSCALL"),
    (0x4200, "PTRACE_SETOPTIONS"),
    (0x4204, "PTRACE_GETREGSET"),
    (0x4205, "PTRACE_SETREGSET"),
    (0x4206, "PTRACE_SEIZE"),
    (0x4207, "PTRACE_INTERRUPT"),
    (0x4208, "PTRACE_LISTEN"),
];

const BPF: Named = &[
    (0, "BPF_MAP_CREATE"),
    (1, "BPF_MAP_LOOKUP_ELEM"),
    (2, "BPF_MAP_UPDATE_ELEM"),
    (3, "BPF_MAP_DELETE_ELEM"),
    (4, "BPF_MAP_GET_NEXT_KEY"),
    (5, "BPF_PROG_LOAD"),
    (6, "BPF_OBJ_PIN"),
    (7, "BPF_OBJ_GET"),
    (8, "BPF_PROG_ATTACH"),
    (9, "BPF_PROG_DETACH"),
    (10, "BPF_PROG_TEST_RUN"),
    (11, "BPF_PROG_GET_NEXT_ID"),
    (12, "BPF_MAP_GET_NEXT_ID"),
    (13, "BPF_PROG_GET_FD_BY_ID"),
    (14, "BPF_MAP_GET_FD_BY_ID"),
    (15, "BPF_OBJ_GET_INFO_BY_FD"),
    (16, "BPF_PROG_QUERY"),
    (17, "BPF_RAW_TRACEPOINT_OPEN"),
    (18, "BPF_BTF_LOAD"),
    (19, "BPF_BTF_GET_FD_BY_ID"),
    (20, "BPF_TASK_FD_QUERY"),
    (28, "BPF_LINK_CREATE"),
    (29, "BPF_LINK_UPDATE"),
];

const PRCTL: Named = &[
    (1, "PR_SET_PDEATHSIG"),
    (4, "PR_SET_DUMPABLE"),
    (8, "PR_SET_KEEPCAPS"),
    (15, "PR_SET_NAME"),
    (22, "PR_SET_SECCOMP"),
    (24, "PR_CAPBSET_DROP"),
    (28, "PR_SET_SECUREBITS"),
    (35, "PR_SET_MM"),
    (36, "PR_SET_CHILD_SUBREAPER"),
    (38, "PR_SET_NO_NEW_PRIVS"),
    (47, "PR_CAP_AMBIENT"),
    (0x5961_6d61, "PR_SET_PTRACER"),
];

const FAMILY: Named = &[
    (0, "AF_UNSPEC"),
    (1, "AF_UNIX"),
    (2, "AF_INET"),
    (3, "AF_AX25"),
    (4, "AF_IPX"),
    (5, "AF_APPLETALK"),
    (6, "AF_NETROM"),
    (9, "AF_X25"),
    (10, "AF_INET6"),
    (15, "AF_KEY"),
    (16, "AF_NETLINK"),
    (17, "AF_PACKET"),
    (19, "AF_ECONET"),
    (21, "AF_RDS"),
    (24, "AF_PPPOX"),
    (26, "AF_LLC"),
    (29, "AF_CAN"),
    (30, "AF_TIPC"),
    (31, "AF_BLUETOOTH"),
    (33, "AF_RXRPC"),
    (38, "AF_ALG"),
    (39, "AF_NFC"),
    (40, "AF_VSOCK"),
    (44, "AF_XDP"),
];

const SOCKET_TYPE: Named = &[
    (1, "SOCK_STREAM"),
    (2, "SOCK_DGRAM"),
    (3, "SOCK_RAW"),
    (4, "SOCK_RDM"),
    (5, "SOCK_SEQPACKET"),
    (10, "SOCK_PACKET"),
];

const PROTOCOL: Named = &[(1, "icmp"), (6, "tcp"), (17, "udp"), (58, "icmpv6"), (132, "sctp"), (255, "raw")];

/// By the errors' numbers (errno(3), as of x86-64 and arm64).
const ERRORS: Named = &[
    (1, "EPERM"),
    (2, "ENOENT"),
    (3, "ESRCH"),
    (4, "EINTR"),
    (5, "EIO"),
    (6, "ENXIO"),
    (7, "E2BIG"),
    (8, "ENOEXEC"),
    (9, "EBADF"),
    (10, "ECHILD"),
    (11, "EAGAIN"),
    (12, "ENOMEM"),
    (13, "EACCES"),
    (14, "EFAULT"),
    (15, "ENOTBLK"),
    (16, "EBUSY"),
    (17, "EEXIST"),
    (18, "EXDEV"),
    (19, "ENODEV"),
    (20, "ENOTDIR"),
    (21, "EISDIR"),
    (22, "EINVAL"),
    (23, "ENFILE"),
    (24, "EMFILE"),
    (25, "ENOTTY"),
    (26, "ETXTBSY"),
    (27, "EFBIG"),
    (28, "ENOSPC"),
    (29, "ESPIPE"),
    (30, "EROFS"),
    (31, "EMLINK"),
    (32, "EPIPE"),
    (33, "EDOM"),
    (34, "ERANGE"),
    (35, "EDEADLK"),
    (36, "ENAMETOOLONG"),
    (38, "ENOSYS"),
    (39, "ENOTEMPTY"),
    (40, "ELOOP"),
    (71, "EPROTO"),
    (75, "EOVERFLOW"),
    (88, "ENOTSOCK"),
    (89, "EDESTADDRREQ"),
    (90, "EMSGSIZE"),
    (91, "EPROTOTYPE"),
    (92, "ENOPROTOOPT"),
    (93, "EPROTONOSUPPORT"),
    (94, "ESOCKTNOSUPPORT"),
    (95, "EOPNOTSUPP"),
    (97, "EAFNOSUPPORT"),
    (98, "EADDRINUSE"),
    (99, "EADDRNOTAVAIL"),
    (100, "ENETDOWN"),
    (101, "ENETUNREACH"),
    (102, "ENETRESET"),
    (103, "ECONNABORTED"),
    (104, "ECONNRESET"),
    (105, "ENOBUFS"),
    (106, "EISCONN"),
    (107, "ENOTCONN"),
    (110, "ETIMEDOUT"),
    (111, "ECONNREFUSED"),
    (112, "EHOSTDOWN"),
    (113, "EHOSTUNREACH"),
    (114, "EALREADY"),
    (115, "EINPROGRESS"),
    (116, "ESTALE"),
    (122, "EDQUOT"),
    (125, "ECANCELED"),
    (126, "ENOKEY"),
    (129, "EKEYREJECTED"),
];

const SIGNALS: Named = &[
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (5, "SIGTRAP"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (10, "SIGUSR1"),
    (11, "SIGSEGV"),
    (12, "SIGUSR2"),
    (13, "SIGPIPE"),
    (14, "SIGALRM"),
    (15, "SIGTERM"),
    (17, "SIGCHLD"),
    (18, "SIGCONT"),
    (19, "SIGSTOP"),
    (20, "SIGTSTP"),
];

impl Table {
    fn bits(self) -> Option<Bits> {
        Some(match self {
            Self::OpenFlags => OPEN_FLAGS,
            Self::Mode => MODE,
            Self::CloneFlags => CLONE_FLAGS,
            Self::MountFlags => MOUNT_FLAGS,
            Self::Protection => PROTECTION,
            Self::Executable => EXECUTABLE,
            _ => return None,
        })
    }

    fn named(self) -> Named {
        match self {
            Self::PtraceRequest => PTRACE,
            Self::BpfCommand => BPF,
            Self::PrctlOption => PRCTL,
            Self::Family => FAMILY,
            Self::SocketType => SOCKET_TYPE,
            Self::Protocol => PROTOCOL,
            Self::Signal => SIGNALS,
            Self::SocketKind => SOCKET_KIND,
            Self::SocketLetter => SOCKET_LETTER,
            Self::SocketFamily => SOCKET_FAMILY,
            _ => &[],
        }
    }

    /// Writes a number so.
    pub(crate) fn write(self, number: i128, out: &mut Vec<u8>) {
        let unsigned = number as u64;
        if let Some(Bits { separator, names }) = self.bits() {
            let set = names.iter().filter(|(mask, value, _)| unsigned & mask == *value);
            return join(set.map(|(.., name)| *name), separator, out);
        }
        match self {
            Self::Capabilities => {
                let set = (0..).zip(CAPABILITIES).filter(|(bit, _)| unsigned >> bit & 1 == 1);
                join(set.map(|(_, name)| name), " ", out);
            }
            Self::Outcome if number >= 0 => out.extend_from_slice(b"SUCCESS"),
            Self::Outcome => match name(ERRORS, number.unsigned_abs() as u64) {
                Some(name) => out.extend_from_slice(name.as_bytes()),
                None => out.extend_from_slice(number.to_string().as_bytes()),
            },
            table => match name(table.named(), unsigned) {
                Some(name) => out.extend_from_slice(name.as_bytes()),
                None => out.extend_from_slice(number.to_string().as_bytes()),
            },
        }
    }

    /// The bits of which one has to be set for the text of a number to have one of these parts in it; nothing where that cannot
    /// be said so.
    pub(crate) fn bits_of(self, parts: &[Vec<u8>], fold: bool) -> Option<u64> {
        let names: Vec<(u64, u64, &str)> = match (self.bits(), self) {
            (Some(Bits { names, .. }), _) => names.to_vec(),
            (_, Self::Capabilities) => (0..).zip(CAPABILITIES).map(|(bit, name)| (1 << bit, 1 << bit, name)).collect(),
            _ => return None,
        };
        let mut bits = 0;
        for part in parts {
            // What goes beyond one name says less of which are set.
            if part.is_empty() || part.iter().any(|byte| matches!(byte, b'|' | b' ')) {
                return None;
            }
            for (mask, value, name) in &names {
                let name = name.as_bytes();
                let has = match fold {
                    true => memchr::memmem::find(&name.to_ascii_lowercase(), &part.to_ascii_lowercase()).is_some(),
                    false => memchr::memmem::find(name, part).is_some(),
                };
                // One that stands for bits that are not set, such as O_RDONLY.
                if has && (*value == 0 || mask != value && !matches!(*value, 1 | 2)) {
                    return None;
                }
                if has {
                    bits |= value;
                }
            }
        }
        Some(bits)
    }

    /// The numbers of which the text may be so; nothing where that cannot be said.
    pub(crate) fn numbers(self, holds: impl Fn(&[u8]) -> bool) -> Option<Vec<u64>> {
        let named = match self {
            Self::Outcome | Self::Capabilities => return None,
            table if table.bits().is_some() => return None,
            table => table.named(),
        };
        Some(named.iter().filter(|(_, name)| holds(name.as_bytes())).map(|(number, _)| *number).collect())
    }

    /// Whether a text could be the number itself, as those that have no name are written.
    pub(crate) fn may_be_bare(text: &[u8]) -> bool {
        text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-')
    }

    /// The number of the error of this name.
    #[must_use]
    pub fn error(name: &str) -> Option<u64> {
        ERRORS.iter().find(|(_, known)| *known == name).map(|(number, _)| *number)
    }
}

fn name(named: Named, number: u64) -> Option<&'static str> {
    named.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

fn join(names: impl Iterator<Item = &'static str>, separator: &str, out: &mut Vec<u8>) {
    for (place, name) in names.enumerate() {
        if place > 0 {
            out.extend_from_slice(separator.as_bytes());
        }
        out.extend_from_slice(name.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(table: Table, number: i128) -> String {
        let mut out = Vec::new();
        table.write(number, &mut out);
        String::from_utf8(out).expect("names are ASCII")
    }

    #[test]
    fn numbers_are_written_as_people_write_them() {
        assert_eq!(written(Table::OpenFlags, 0o1101), "O_TRUNC|O_CREAT|O_WRONLY");
        assert_eq!(written(Table::OpenFlags, 0), "O_RDONLY");
        assert_eq!(written(Table::Mode, 0o4755), "S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID");
        assert_eq!(written(Table::Capabilities, 1 | 1 << 21), "CAP_CHOWN CAP_SYS_ADMIN");
        assert_eq!(written(Table::PtraceRequest, 16), "PTRACE_ATTACH");
        assert_eq!(written(Table::BpfCommand, 999), "999");
        assert_eq!(written(Table::Outcome, 3), "SUCCESS");
        assert_eq!(written(Table::Outcome, -13), "EACCES");
        assert_eq!(written(Table::Outcome, -9999), "-9999");
    }

    #[test]
    fn parts_of_texts_are_bits() {
        let bits = |table: Table, part: &str, fold| table.bits_of(&[part.as_bytes().to_vec()], fold);
        assert_eq!(bits(Table::OpenFlags, "O_TRUNC", false), Some(0o1000));
        assert_eq!(bits(Table::OpenFlags, "O_RDONLY", false), None);
        assert_eq!(bits(Table::OpenFlags, "O_CREAT|O_WRONLY", false), None);
        assert_eq!(bits(Table::Capabilities, "sys_module", true), Some(1 << 16));
        assert_eq!(bits(Table::Capabilities, "sys_module", false), Some(0));
        assert_eq!(bits(Table::Mode, "S_ISUID", false), Some(0o4000));
    }
}
