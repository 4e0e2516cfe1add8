//! Where records come from.

#![forbid(unsafe_code)]

mod attaching;
pub mod capture;
pub mod containers;
mod environment;
mod live;
pub mod procfs;
pub mod record;
mod replay;
mod view;

use std::ops::ControlFlow;
use std::sync::mpsc::Sender;
use std::time::Duration;

use lanner_abi::Kind;
use lanner_contract::Wanted;

pub use live::Live;
pub use replay::Replay;

use record::{Machine, Record};

/// How long it is waited for what was asked for before it is looked again.
const SETTLING: Duration = Duration::from_millis(1);

/// Takes records, one by one; says whether it takes more for now.
pub type Take<'a> = dyn FnMut(Record) -> ControlFlow<()> + 'a;

/// A stream of records.
pub trait Source: Send {
    /// The machine that they come from.
    fn machine(&self) -> &Machine;

    /// Asks for these events; those that tell of processes and containers come always, and others may.
    ///
    /// # Errors
    /// They cannot be had.
    fn want(&mut self, wanted: &[Wanted]) -> Result<(), SourceError>;

    /// Whether what was asked for last is given by now: it may take a while, in which the source goes on.
    ///
    /// # Errors
    /// It cannot be had.
    fn settle(&mut self) -> Result<bool, SourceError> {
        Ok(true)
    }

    /// Asks for these events, and waits until they are given, with nothing drained meanwhile.
    ///
    /// # Errors
    /// They cannot be had.
    fn want_at_once(&mut self, wanted: &[Wanted]) -> Result<(), SourceError> {
        self.want(wanted)?;
        while !self.settle()? {
            std::thread::sleep(SETTLING);
        }
        Ok(())
    }

    /// Passes on what has arrived, without waiting, up to some thousand records, or until no more are taken.
    ///
    /// # Errors
    /// The source is broken; what was passed on before is sound.
    fn drain(&mut self, take: &mut Take<'_>) -> Result<Drained, SourceError>;

    /// Waits until there may be something to drain, or the time is over. `last` is what the last drain gave.
    ///
    /// # Errors
    /// The source is broken.
    fn wait(&mut self, last: Drained, timeout: Duration) -> Result<(), SourceError>;

    /// Where it can be told which events are not wanted, by their keys, so that the source need not give their like any more;
    /// until other events are asked for.
    fn unwanted(&self) -> Option<Sender<u64>> {
        None
    }

    /// The time up to which everything has been drained, ns since 1970 (UTC), where it goes on while nothing happens.
    fn quiet_since(&self) -> Option<u64>;

    /// Looks at what is looked at only from time to time, such as losses, while nothing is drained.
    ///
    /// # Errors
    /// The source is broken.
    fn look(&mut self) -> Result<(), SourceError>;

    /// Lets nothing more arrive: what has arrived can still be drained, and ends.
    ///
    /// # Errors
    /// The source is broken.
    fn close(&mut self) -> Result<(), SourceError>;

    /// Passes on what is looked at only from time to time. To be called when nothing more will be drained.
    ///
    /// # Errors
    /// The source is broken.
    fn finish(&mut self, take: &mut Take<'_>) -> Result<(), SourceError>;

    /// Events that were lost so far.
    fn lost(&self) -> u64;

    /// Events that were not given as nobody wants them: see [`unwanted`](Self::unwanted).
    fn filtered(&self) -> u64 {
        0
    }

    /// The same by kind: those lost, and those not given.
    fn by_kind(&self) -> Vec<(Kind, u64, u64)> {
        Vec::new()
    }

    /// What it does not see or know, and what to do about it. Unknown is never well.
    fn degraded(&self) -> Vec<Shortcoming> {
        Vec::new()
    }

    /// Gives what it gave to begin with once more, as far as that has sense: the processes that are there, for who begins
    /// a new recording.
    ///
    /// # Errors
    /// It cannot.
    fn begin_anew(&mut self) -> Result<(), SourceError> {
        Ok(())
    }
}

/// Something that a source does not see or know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortcoming {
    /// A sentence.
    pub what: String,
    /// What to do about it; nothing where nothing can be done.
    pub remedy: Option<String>,
}

/// What a drain found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Nothing.
    Nothing,
    /// All that there was.
    All,
    /// Some, and there is more.
    Some,
    /// The end: nothing will come any more.
    End,
}

/// A source is broken, or cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The kernel side.
    #[error(transparent)]
    Probes(#[from] lanner_probes::ProbeError),
    /// They are lost.
    #[error("the thread that attaches the kernel side has ended unexpectedly; nothing would be seen any more")]
    ProbesGone,
    /// Waiting for the kernel.
    #[error("cannot wait for kernel events: {0}")]
    Wait(std::io::Error),
    /// No more threads.
    #[error(
        "no thread can be started to look after containers and files: {0}; raise the limit (ulimit -u, TasksMax= of the \
         unit)"
    )]
    Thread(std::io::Error),
    /// /proc.
    #[error("the running processes cannot be read: {0}")]
    Processes(String),
    /// A pid namespace of our own.
    #[error(
        "lanner runs in a pid namespace of its own, and would take other processes for itself; give its container the \
         host's pids (--pid=host, hostPID: true)"
    )]
    PidNamespace,
    /// A pid namespace that is not known.
    #[error(
        "lanner cannot find out whether it runs in a pid namespace of its own, where it would take other processes for \
         itself: /proc/self/ns/pid cannot be read ({0}); as root, `mount -t proc proc /proc`"
    )]
    UnknownPidNamespace(std::io::Error),
    /// A capture file.
    #[error(transparent)]
    Capture(#[from] capture::CaptureError),
}
