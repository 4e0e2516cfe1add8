//! What rules raise.

use std::fmt::Display;

use lanner_abi::Process;
use lanner_contract::{Fact, Finding, Severity};

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
/// let Some(address) = e.address() else { return };
/// out.finding(format!("{} connected to {address}", e.process()))
///     .fact("address", address)
///     .field("command", e.process().command_line())
///     .key(address.to_string())
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
    /// Adds a fact, as the text that it is shown as.
    pub fn field(self, name: impl Into<String>, value: impl Display) -> Self {
        self.fact(name, value.to_string())
    }

    /// Adds a fact, as what it is: a number, a path, an address, a process, or a list of them. Who stores findings can
    /// search and add up by it, where a text can only be read.
    pub fn fact(mut self, name: impl Into<String>, fact: impl Into<Fact>) -> Self {
        self.finding.fields.push((name.into(), fact.into()));
        self
    }

    /// What it is about, such as a path: findings of the rule with the same key are about the same thing, and may be shown
    /// as one.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.finding.key = Some(key.into());
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

    /// Is about a process of an earlier event, or in a tick of any: by its [image id](Process::image), which the pack kept.
    pub fn about_image(mut self, image: u64) -> Self {
        self.finding.process = Some(image);
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
