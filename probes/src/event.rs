//! What the kernel tells, decoded: the type that leaves this crate, and the one that a capture file holds.
//!
//! Texts are bytes: the kernel does not promise UTF-8. Times are nanoseconds; `*_boot_ns` counts from boot
//! (CLOCK_BOOTTIME, the clock of `task_struct.start_boottime`), the others since 1970 (UTC).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelEvent {
    /// When, ns since 1970 (UTC).
    pub time_ns: u64,
    /// Who did it; for an exec, the process as it is afterwards.
    pub task: Task,
    /// What was done.
    pub payload: Payload,
}

/// The process and thread behind an event, from kernel state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Task {
    /// Thread group id in the initial pid namespace.
    pub pid: u32,
    /// Thread id in the initial pid namespace.
    pub tid: u32,
    /// When the thread group's leader began, ns since boot. With `pid` it names the process.
    pub start_boot_ns: u64,
    /// Parent's thread group id, 0 where there is none.
    pub ppid: u32,
    /// When the parent's leader began, ns since boot.
    pub parent_start_boot_ns: u64,
    /// Real user id.
    pub uid: u32,
    /// Effective user id.
    pub euid: u32,
    /// Real group id.
    pub gid: u32,
    /// Effective group id.
    pub egid: u32,
    /// The thread's short name, without the NULs that fill it up.
    #[serde(with = "serde_bytes")]
    pub comm: Vec<u8>,
    /// A thread of the kernel.
    pub kernel_thread: bool,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// A new program began (`sched_process_exec`).
    Exec(Box<Exec>),
    /// A process was created (`sched_process_fork`); threads are not reported.
    Fork(Fork),
    /// The last thread of a process ended (`sched_process_exit`).
    Exit(Exit),
    /// open, openat, openat2, creat returned.
    Open(Box<Open>),
    /// connect returned.
    Connect(Box<Connect>),
    /// Events did not fit into the ring buffer.
    Lost(Lost),
}

/// The image of a process, at its exec or read from /proc.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exec {
    /// The executable.
    pub exe: ResolvedPath,
    /// The executable file.
    pub exe_file: FileFacts,
    /// The file as it was named to exec; for a script the script.
    #[serde(with = "serde_bytes")]
    pub filename: Vec<u8>,
    /// The file that the kernel loaded in the end: differs from `filename` for a script.
    #[serde(with = "serde_bytes")]
    pub interpreter: Vec<u8>,
    /// The arguments, each ended by a NUL.
    #[serde(with = "serde_bytes")]
    pub argv: Vec<u8>,
    /// The arguments were longer.
    pub argv_truncated: bool,
    /// Working directory.
    pub cwd: ResolvedPath,
    /// Saved user id.
    pub suid: u32,
    /// User id of the login, `u32::MAX` for none.
    pub login_uid: u32,
    /// Session leader's pid.
    pub sid: u32,
    /// Process group leader's pid.
    pub pgid: u32,
    /// Pid in the process's own pid namespace.
    pub ns_pid: u32,
    /// Namespace inode numbers.
    pub namespaces: Namespaces,
    /// Effective capabilities.
    pub caps_effective: u64,
    /// Permitted capabilities.
    pub caps_permitted: u64,
    /// Inheritable capabilities.
    pub caps_inheritable: u64,
    /// What stands behind standard input, output and error.
    pub stdio: [Stdio; 3],
}

/// A path as the kernel holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResolvedPath {
    /// The path. Begins with `/`, but for files that have none, such as `memfd:name`.
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
    /// It was longer than 4,096 bytes or than the walk goes; the end is kept, and begins with `/`.
    pub truncated: bool,
    /// The file had been deleted.
    pub deleted: bool,
}

/// What the inode says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileFacts {
    /// Inode number; 0 where unknown.
    pub inode: u64,
    /// Device, the kernel's encoding (major << 20 | minor).
    pub dev: u32,
    /// Type and permissions (`st_mode`).
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Magic number of the file system.
    pub fs_magic: u32,
    /// On the upper layer of an overlay.
    pub upper: bool,
}

/// Inode numbers of namespaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Namespaces {
    /// Mounts.
    pub mnt: u32,
    /// Process ids (of the children's namespace: `nsproxy.pid_ns_for_children`).
    pub pid: u32,
    /// Network.
    pub net: u32,
    /// Users.
    pub user: u32,
}

/// What a standard descriptor is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stdio {
    /// Closed.
    #[default]
    None,
    /// A regular file.
    File,
    /// A pipe.
    Pipe,
    /// A terminal.
    Tty,
    /// Another character device, such as /dev/null.
    Device,
    /// A unix socket.
    Unix,
    /// An internet socket, with its peer where it is connected.
    Inet(Option<Endpoint>),
    /// Something else.
    Other,
}

/// An address and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Address.
    pub address: IpAddr,
    /// Port.
    pub port: u16,
}

/// The new process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fork {
    /// Its pid.
    pub child_pid: u32,
    /// When it began, ns since boot.
    pub child_start_boot_ns: u64,
    /// Its pid in its own pid namespace.
    pub child_ns_pid: u32,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exit {
    /// Exit code, 0 to 255.
    pub code: u8,
    /// The signal that ended it, or 0.
    pub signal: u8,
}

/// An open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Open {
    /// The descriptor, or a negative errno.
    pub result: i64,
    /// The path: the kernel's where `resolved`, else the caller's, made absolute where it was relative.
    pub path: ResolvedPath,
    /// From the opened file, not from the caller's memory.
    pub resolved: bool,
    /// Open flags.
    pub flags: u32,
    /// Permissions asked for.
    pub mode: u32,
    /// This open created the file.
    pub created: bool,
    /// The opened file.
    pub file: FileFacts,
}

/// A connect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Connect {
    /// 0, or a negative errno (-115, EINPROGRESS, for a non-blocking one under way).
    pub result: i64,
    /// The socket's descriptor.
    pub fd: i32,
    /// Whom to.
    pub peer: Peer,
    /// This side.
    pub local: Option<Endpoint>,
    /// Socket type (`SOCK_STREAM` is 1).
    pub socket_type: u16,
    /// IP protocol; 0 for unix.
    pub protocol: u16,
    /// From the socket, not from the caller's memory.
    pub resolved: bool,
}

/// Whom a socket was connected to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    /// IPv4 or IPv6.
    Inet(Endpoint),
    /// A unix socket: its path; an abstract name begins with `@`, an unnamed one is empty.
    Unix(#[serde(with = "serde_bytes")] Vec<u8>),
    /// Another family: its number.
    Other(u16),
}

impl Default for Peer {
    fn default() -> Self {
        Peer::Other(0)
    }
}

/// Lost events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Of which kind.
    pub kind: ProbeKind,
    /// How many since the last such report.
    pub count: u64,
}

/// The kinds of events that probes make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeKind {
    /// Exec.
    Exec,
    /// Fork.
    Fork,
    /// Exit.
    Exit,
    /// Open.
    Open,
    /// Connect.
    Connect,
}

impl ProbeKind {
    /// All of them.
    pub const ALL: [ProbeKind; 5] = [Self::Exec, Self::Fork, Self::Exit, Self::Open, Self::Connect];

    /// The name, as in subscriptions.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exec => "exec",
            Self::Fork => "fork",
            Self::Exit => "exit",
            Self::Open => "open",
            Self::Connect => "connect",
        }
    }
}

impl Endpoint {
    /// From an IPv4 address in network order.
    pub fn v4(address: [u8; 4], port: u16) -> Self {
        Self { address: IpAddr::V4(Ipv4Addr::from(address)), port }
    }

    /// From an IPv6 address in network order; an IPv4-mapped one becomes IPv4.
    pub fn v6(address: [u8; 16], port: u16) -> Self {
        Self { address: Ipv6Addr::from(address).to_canonical(), port }
    }
}
