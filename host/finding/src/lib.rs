//! A finding, with all that a person or a program needs to judge it; how it comes of what a pack raised.

#![forbid(unsafe_code)]

mod id;
mod labels;
pub mod object;
mod remembered;
pub mod time;
mod verdicts;

use std::net::IpAddr;
use std::sync::Arc;

use lanner_engine::{Description, Rule};
use lanner_enrich::{Event, Process};

pub use labels::Labels;
pub use lanner_engine::Severity;
pub use verdicts::{Complain, Findings};

/// What a rule raised.
#[derive(Clone, Debug)]
pub struct Finding {
    /// When, ns since 1970 (UTC): the time of the newest event behind it, or of the tick.
    pub time_ns: u64,
    /// How bad.
    pub severity: Severity,
    /// The rule, as an index into the pack's.
    rule: usize,
    /// The pack.
    pub pack: Arc<Description>,
    /// What happened.
    pub message: String,
    /// Findings of the rule with the same key are about the same thing.
    pub key: Option<String>,
    /// Sequence numbers of the events behind it, the newest last.
    pub event_seqs: Vec<u64>,
    /// The newest of them, where it is in the batch that was judged.
    pub event: Option<Event>,
    /// The process it is about.
    pub process: Option<Arc<Process>>,
    /// More facts.
    pub fields: Vec<(String, Detail)>,
    /// The exception that it falls under, where it does.
    pub excepted: Option<Arc<str>>,
}

/// A fact in a finding.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i128),
    /// Any number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// A path: bytes, most often UTF-8.
    Path(Vec<u8>),
    /// An address.
    Address(IpAddr),
    /// A process.
    Process(Arc<Process>),
    /// The image id of a process that the host does not remember.
    ForgottenProcess(u64),
    /// Several.
    List(Vec<Detail>),
}

impl Finding {
    /// What a rule of the pack raised, by the rule's index, and nothing more than that. None where it has no such rule.
    pub fn new(pack: Arc<Description>, rule: usize, message: String, time_ns: u64) -> Option<Self> {
        let severity = pack.rules.get(rule)?.severity;
        let (event_seqs, fields, key, excepted) = (Vec::new(), Vec::new(), None, None);
        Some(Self {
            time_ns,
            severity,
            rule,
            pack,
            message,
            key,
            event_seqs,
            event: None,
            process: None,
            fields,
            excepted,
        })
    }

    /// The rule.
    pub fn rule(&self) -> &Rule {
        &self.pack.rules[self.rule]
    }

    /// Bytes that it takes while it waits, about; processes are shared with others.
    pub fn size(&self) -> usize {
        let fields = self.fields.iter().map(|(name, detail)| name.len() + detail.size());
        let event = self.event.as_ref().map_or(0, |event| event.payload.len());
        size_of::<Self>() + self.message.len() + event + fields.sum::<usize>()
    }

    /// Whether it comes from the host's own self-test.
    pub fn is_self_test(&self) -> bool {
        let flag = lanner_abi::process_flag::SELF_TEST;
        self.process.as_ref().is_some_and(|process| process.flags() & flag != 0)
    }
}

impl Detail {
    fn size(&self) -> usize {
        let inside = match self {
            Self::Text(text) => text.len(),
            Self::Path(path) => path.len(),
            Self::List(details) => details.iter().map(Self::size).sum(),
            _ => 0,
        };
        size_of::<Self>() + inside
    }
}
