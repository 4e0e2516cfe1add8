//! An event as a source tells it: the kernel's or a capture's.
//!
//! Texts are bytes: the kernel does not promise UTF-8. Times are nanoseconds; `*_boot_ns` counts from boot
//! (CLOCK_BOOTTIME, the clock of `task_struct.start_boottime`), the others since 1970 (UTC).

use lanner_abi::{Kind, OwnedRecord};
use serde::{Deserialize, Serialize};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEvent {
    /// When, ns since 1970 (UTC).
    pub time_ns: u64,
    /// What.
    pub kind: Kind,
    /// Bits of `lanner_abi::event_flag`.
    pub flags: u16,
    /// What the call returned, where there is one.
    pub result: Option<i64>,
    /// Who did it; for an exec, the process as it is afterwards. `None` where it is nobody's doing.
    pub task: Option<Task>,
    /// What the kind has of its own. The rows of processes are still to be found, and times count from boot where the
    /// schema says so.
    pub payload: OwnedRecord,
    /// The image that begins, for kinds with one: as much of a process record as the kernel tells.
    pub image: Option<Box<OwnedRecord>>,
    /// What the kernel side can filter it by.
    pub keys: Keys,
}

/// What the kernel side can filter an event by. Events with one key are of processes whose image has one path; 0: it cannot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// Events with this key have the same values in the fields that the schema calls `keyed`, and where they failed the same
    /// result.
    pub own: u64,
    /// Likewise; but their paths are those of any files in one folder.
    pub folder: u64,
}

impl RawEvent {
    /// An event that is nobody's doing.
    pub fn of_nobody(time_ns: u64, kind: Kind, payload: OwnedRecord) -> Self {
        Self { time_ns, kind, flags: 0, result: None, task: None, payload, image: None, keys: Keys::default() }
    }
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
    /// What else it is at the moment, where that is known.
    pub standing: Option<Standing>,
    /// The thread's short name, without the NULs that fill it up.
    #[serde(with = "serde_bytes")]
    pub comm: Vec<u8>,
    /// A thread of the kernel.
    pub kernel_thread: bool,
    /// The kernel side's key of what its process runs; 0 where that is not known. Says nothing to another boot, nor is it
    /// recorded.
    #[serde(skip)]
    pub image_key: u64,
}

/// What a process is at the moment of an event, beside its ids. A number of 0 is one that is not known, but for users, groups
/// and capabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// Saved user id.
    pub suid: u32,
    /// Saved group id.
    pub sgid: u32,
    /// Session leader's process id.
    pub sid: u32,
    /// Group leader's process id.
    pub pgid: u32,
    /// Inode number of the mount namespace.
    pub mnt_ns: u32,
    /// Inode number of the pid namespace that it is in.
    pub pid_ns: u32,
    /// Inode number of the network namespace.
    pub net_ns: u32,
    /// Inode number of the user namespace.
    pub user_ns: u32,
    /// Id of the control group (cgroup v2).
    pub cgroup_id: u64,
    /// Inheritable capabilities, a bit each.
    pub caps_inheritable: u64,
    /// Permitted capabilities.
    pub caps_permitted: u64,
    /// Effective capabilities.
    pub caps_effective: u64,
}
