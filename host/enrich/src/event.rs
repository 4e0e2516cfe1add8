//! Events as rules see them: in order, numbered, each with the process behind it.

use std::sync::Arc;

use lanner_abi::Kind;
use lanner_probes::event::{Connect, Exit, Lost, Open, Stdio};

use super::process::Process;

/// One thing that happened, and who did it.
#[derive(Clone, Debug)]
pub struct Event {
    /// From 1, without gaps.
    pub seq: u64,
    /// ns since 1970 (UTC).
    pub time_ns: u64,
    /// The image that did it, as it was before the event.
    pub process: Arc<Process>,
    /// Its thread.
    pub tid: u32,
    /// What was done.
    pub payload: Payload,
}

/// What was done.
#[derive(Clone, Debug)]
pub enum Payload {
    /// A program began.
    Exec(Box<ExecFacts>),
    /// A process was created: its first image.
    Fork(Arc<Process>),
    /// A process ended.
    Exit(Exit),
    /// A file was opened.
    Open(Box<Open>),
    /// A socket was connected.
    Connect(Box<Connect>),
    /// Events were lost.
    Loss(Lost),
}

/// An exec.
#[derive(Clone, Debug)]
pub struct ExecFacts {
    /// The image that begins.
    pub image: Arc<Process>,
    /// The file as it was named to exec.
    pub filename: Vec<u8>,
    /// Standard input, output and error.
    pub stdio: [Stdio; 3],
}

impl Event {
    /// The kind.
    pub fn kind(&self) -> Kind {
        match self.payload {
            Payload::Exec(_) => Kind::Exec,
            Payload::Fork(_) => Kind::Fork,
            Payload::Exit(_) => Kind::Exit,
            Payload::Open(_) => Kind::Open,
            Payload::Connect(_) => Kind::Connect,
            Payload::Loss(_) => Kind::Loss,
        }
    }

    /// The process that a finding about this event is about: for an exec the image that begins.
    pub fn subject(&self) -> &Arc<Process> {
        match &self.payload {
            Payload::Exec(exec) => &exec.image,
            _ => &self.process,
        }
    }

    /// What the call returned.
    pub fn result(&self) -> i64 {
        match &self.payload {
            Payload::Open(open) => open.result,
            Payload::Connect(connect) => connect.result,
            _ => 0,
        }
    }
}
