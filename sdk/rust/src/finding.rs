//! What rules raise.

use std::fmt::Display;

use lanner_abi::Process;

/// How bad a finding is, mildest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth keeping.
    Info,
    /// Worth a look when there is time.
    Low,
    /// Worth a look.
    #[default]
    Medium,
    /// Likely an attack.
    High,
    /// An attack, or as bad as one.
    Critical,
}

/// A finding as it goes to the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) rule: u32,
    pub(crate) message: String,
    pub(crate) severity: Option<Severity>,
    pub(crate) events: Vec<u64>,
    pub(crate) process: Option<u64>,
    pub(crate) fields: Vec<(String, String)>,
}

/// Where findings go.
pub(crate) trait Sink {
    fn emit(&self, finding: Finding);
}

/// Where a handler raises findings. It knows the rule and the event at hand.
pub struct Out<'a> {
    pub(crate) sink: &'a dyn Sink,
    pub(crate) rule: u32,
    /// Sequence number of the event at hand; there is none in a tick.
    pub(crate) event: Option<u64>,
}

/// A finding in the making; raised when it goes out of scope.
///
/// ```
/// # use lanner_sdk::prelude::*;
/// # fn handler(e: &ConnectEvent<'_>, out: &mut Out<'_>, download: u64) {
/// out.finding(format!("{} connected to {}", e.process(), e.address()))
///     .field("port", e.port())
///     .because_of(download)
///     .severity(Critical);
/// # }
/// ```
pub struct FindingBuilder<'a> {
    sink: &'a dyn Sink,
    /// The event at hand: the newest, whatever else is behind the finding.
    event: Option<u64>,
    finding: Finding,
}

impl Out<'_> {
    /// Raises a finding: what happened, in one line for a person.
    pub fn finding(&mut self, message: impl Into<String>) -> FindingBuilder<'_> {
        let finding = Finding { rule: self.rule, message: message.into(), ..Finding::default() };
        FindingBuilder { sink: self.sink, event: self.event, finding }
    }
}

impl FindingBuilder<'_> {
    /// Adds a fact.
    pub fn field(mut self, name: impl Into<String>, value: impl Display) -> Self {
        self.finding.fields.push((name.into(), value.to_string()));
        self
    }

    /// Adds an earlier event that is behind it, by its sequence number.
    pub fn because_of(mut self, seq: u64) -> Self {
        self.finding.events.push(seq);
        self
    }

    /// Is worse, or less bad, than the rule's findings are.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.finding.severity = Some(severity);
        self
    }

    /// Is about this process. Otherwise it is the one of the newest event: for an exec the image that begins.
    pub fn about(mut self, process: &Process<'_>) -> Self {
        self.finding.process = process.is_known().then(|| process.image());
        self
    }
}

impl Drop for FindingBuilder<'_> {
    fn drop(&mut self) {
        let mut finding = std::mem::take(&mut self.finding);
        finding.events.extend(self.event);
        finding.events.sort_unstable();
        finding.events.dedup();
        self.sink.emit(finding);
    }
}
