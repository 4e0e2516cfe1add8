//! What a source gives, live or from a file.

use std::collections::BTreeMap;

use lanner_abi::{OwnedRecord, PROCESS};
use lanner_probes::event::{RawEvent, Task};
use serde::{Deserialize, Serialize};

/// One item of a source's stream, in the order it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A process that was there already, read from /proc: at the start, and again after events were lost.
    Process(Box<ProcessSnapshot>),
    /// The snapshot that began with the last run of `Process` records is complete: a process that it did not name, and
    /// that began before this time (ns since boot), has ended.
    SnapshotEnd {
        /// When the snapshot began, ns since boot.
        boot_ns: u64,
    },
    /// A control group that was there already: at the start, and again after events were lost.
    Group {
        /// Its id: the inode number of its folder.
        id: u64,
        /// Its path, from the root of the hierarchy.
        path: Vec<u8>,
    },
    /// What a runtime knows of a container: a record of the schema's `container`.
    Container(Box<OwnedRecord>),
    /// An event.
    Event(Box<RawEvent>),
}

/// A process as /proc shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessSnapshot {
    /// Who it is; `tid` equals `pid`. Times come from clock ticks (10 ms).
    pub task: Task,
    /// As much of a process record as /proc tells.
    pub image: OwnedRecord,
}

impl Default for ProcessSnapshot {
    fn default() -> Self {
        Self { task: Task::default(), image: OwnedRecord::new(&PROCESS) }
    }
}

/// What has to be known of the machine to understand its events elsewhere, or later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Machine {
    /// Host name.
    pub hostname: String,
    /// Kernel release, as `uname -r`.
    pub kernel: String,
    /// Architecture, as `uname -m`.
    pub architecture: String,
    /// The kernel's random id of this boot.
    pub boot_id: String,
    /// ns since 1970 (UTC) at boot: add it to a `*_boot_ns`.
    pub boot_time_ns: u64,
    /// Names of user ids.
    pub users: BTreeMap<u32, String>,
}
