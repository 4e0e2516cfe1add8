//! What is remembered between events: a little, and not for long.

use std::time::Duration;

use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

/// A file, by device and inode: whatever it is called by then.
pub(crate) type FileId = (u32, u64);

/// The programs of a pipeline begin at the same time.
const PIPELINE: Duration = Duration::from_secs(3);
/// A named pipe is used right after it was made.
const FIFO: Duration = Duration::from_secs(60);
/// What was built or set up is tried out while somebody sits there.
const WORK: Duration = Duration::from_secs(60 * 60);
/// A unit is started soon after it was written.
const UNIT: Duration = Duration::from_secs(15 * 60);
/// A server may listen for years: the oldest are forgotten first.
const SERVICE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Crashes of one program within this are one story.
const CRASHES: Duration = Duration::from_secs(60);
const MANY: usize = 4096;
const SOME: usize = 512;

/// One half of a pipeline that waits for the other.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Half {
    pub(crate) seq: u64,
    /// When the process began, ns since 1970: a shell begins all programs of a pipeline before it waits for any.
    pub(crate) start: u64,
    /// Whether a shell or interpreter reads it at a worse severity.
    pub(crate) strength: u8,
    pub(crate) what: String,
}

/// What is remembered.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// Files that compilers and tools of languages wrote.
    pub(crate) built: Recent<FileId, ()>,
    /// What decodes and pipes it on, by those who started it.
    pub(crate) decoders: Recent<u64, Half>,
    /// What talks to the network and pipes it on, likewise.
    pub(crate) talkers: Recent<u64, Half>,
    /// Shells that read commands from a pipe, likewise.
    pub(crate) readers: Recent<u64, Half>,
    /// Named pipes, by the session in which they were made.
    pub(crate) fifos: Recent<u32, Half>,
    /// Interpreters that have a connection, by process.
    pub(crate) connected: Recent<u64, String>,
    /// Interpreters that listen, by process: their ports.
    pub(crate) listeners: Recent<u64, u16>,
    /// Units of systemd that were written lately, by name.
    pub(crate) units: Recent<Vec<u8>, u64>,
    /// How often a program crashed lately.
    pub(crate) crashes: Recent<Vec<u8>, u32>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            built: Recent::new(MANY, WORK),
            decoders: Recent::new(SOME, PIPELINE),
            talkers: Recent::new(SOME, PIPELINE),
            readers: Recent::new(SOME, PIPELINE),
            fifos: Recent::new(SOME, FIFO),
            connected: Recent::new(SOME, WORK),
            listeners: Recent::new(SOME, SERVICE),
            units: Recent::new(SOME, UNIT),
            crashes: Recent::new(SOME, CRASHES),
        }
    }
}

impl State {
    /// With the limits of this version, whichever saved it.
    pub(crate) fn with_limits(self) -> Self {
        Self {
            built: self.built.with_limits(MANY, WORK),
            decoders: self.decoders.with_limits(SOME, PIPELINE),
            talkers: self.talkers.with_limits(SOME, PIPELINE),
            readers: self.readers.with_limits(SOME, PIPELINE),
            fifos: self.fifos.with_limits(SOME, FIFO),
            connected: self.connected.with_limits(SOME, WORK),
            listeners: self.listeners.with_limits(SOME, SERVICE),
            units: self.units.with_limits(SOME, UNIT),
            crashes: self.crashes.with_limits(SOME, CRASHES),
        }
    }
}
