//! What a running pipeline can be asked to do.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use lanner_abi::Kind;

use crate::{Compared, Description, Figures, Outcome, RuleFigures, Set};

/// How a running pipeline stands.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Events judged, or being judged.
    pub events: u64,
    /// Events lost between kernel and host.
    pub lost: u64,
    /// Events that no pack can want, and that the kernel side did not send.
    pub filtered: u64,
    /// The same by kind, of those of which there were any.
    pub kinds: Vec<KindStatus>,
    /// How long events waited while packs were put in place.
    pub pauses: Pauses,
    /// What runs.
    pub packs: Vec<PackStatus>,
    /// What the sources do not see or know; and what to do about it, where something can be done.
    pub degraded: Vec<(String, Option<String>)>,
}

/// How long the thread that takes in events did something else, while packs were put in place and taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pauses {
    /// How often.
    pub count: u64,
    /// In 99 of 100 not longer, ns.
    pub p99_ns: u64,
    /// The longest, ns.
    pub longest_ns: u64,
}

/// How many events of a kind there were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindStatus {
    /// The kind.
    pub kind: Kind,
    /// Events judged, or being judged.
    pub events: u64,
    /// Events lost between kernel and host.
    pub lost: u64,
    /// Events that no pack can want, and that the kernel side did not send.
    pub filtered: u64,
}

/// A pack that runs.
#[derive(Clone, Debug)]
pub struct PackStatus {
    /// Where it comes from: a path, or a name in a registry.
    pub path: PathBuf,
    /// What it says of itself.
    pub description: Arc<Description>,
    /// What it has done and cost.
    pub figures: Figures,
    /// What of its events waits for it, bytes.
    pub waiting: u64,
    /// The same of its rules, by their index.
    pub by_rule: Vec<RuleFigures>,
    /// The version that it can go back to, where there is one.
    pub before: Option<String>,
    /// The candidate that runs in its shadow, where there is one.
    pub shadow: Option<ShadowStatus>,
}

/// A candidate that runs in the shadow of another version.
#[derive(Clone, Debug)]
pub struct ShadowStatus {
    /// Where it comes from.
    pub path: PathBuf,
    /// What it says of itself.
    pub description: Arc<Description>,
    /// What it has done and cost.
    pub figures: Figures,
    /// What it finds that the running version does not, and the other way round.
    pub compared: Compared,
}

/// It is carried out between two batches; those that wait to be judged do not delay it.
pub enum Order {
    /// Put packs in place, and take others out: all at once, or nothing.
    Exchange {
        /// Which.
        set: Set,
        /// What came of it.
        reply: Sender<Outcome>,
    },
    /// The file of a pack has another path now.
    Rename {
        /// Where the pack came from.
        from: PathBuf,
        /// Where it is.
        to: PathBuf,
    },
    /// Let a pack go on that rests, or failed too often.
    Release {
        /// Its name.
        pack: String,
        /// Whether it runs.
        reply: Sender<bool>,
    },
    /// Say how things stand.
    Tell {
        /// Who wants to know.
        reply: Sender<Status>,
    },
    /// Something outside has changed: for a recording, that its file may have been moved.
    Reopen,
    /// Judge what has arrived, and end.
    Stop,
    /// End now: what is not judged yet is counted, and left.
    GiveUp,
}
