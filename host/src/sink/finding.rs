//! A finding, with all that a person or a program needs to judge it.

use std::sync::Arc;

use crate::engine::{Answer, Description, Rule};
use crate::enrich::{Event, Process};
use crate::severity::Severity;

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
    /// Sequence numbers of the events behind it, the newest last.
    pub event_seqs: Vec<u64>,
    /// The newest of them, where it is in the batch that was judged.
    pub event: Option<Event>,
    /// The process it is about.
    pub process: Option<Arc<Process>>,
    /// More facts.
    pub fields: Vec<(String, String)>,
}

impl Finding {
    /// The rule.
    pub fn rule(&self) -> &Rule {
        &self.pack.rules[self.rule]
    }

    /// Whether it comes from the host's own self-test.
    pub fn is_self_test(&self) -> bool {
        let flag = lanner_abi::process_flag::SELF_TEST;
        self.process.as_ref().is_some_and(|process| process.flags & flag != 0)
    }
}

/// Makes findings of what a pack raised about a batch, in the order of their events. `now_ns` stands in where there
/// is no event.
pub(crate) fn findings(answer: &mut Answer, events: &[Event], now_ns: u64) -> Vec<Finding> {
    let mut findings = Vec::new();
    for raised in std::mem::take(&mut answer.gave.findings) {
        let Some(rule) = answer.description.rules.get(raised.rule as usize) else {
            tracing::warn!(
                "pack {} raised a finding for its rule number {}, and has none of that number; left out",
                answer.description.name,
                raised.rule
            );
            continue;
        };
        let newest = raised.events.last().and_then(|seq| find(events, *seq));
        let process = match raised.process {
            Some(image) => events.iter().find_map(|event| image_near(event, image)),
            None => newest.map(|event| event.subject().clone()),
        };
        findings.push(Finding {
            time_ns: newest.map_or(now_ns, |event| event.time_ns),
            severity: raised.severity.map_or(rule.severity, Severity::from),
            rule: raised.rule as usize,
            pack: answer.description.clone(),
            message: raised.message,
            event_seqs: raised.events,
            event: newest.cloned(),
            process,
            fields: raised.fields,
        });
    }
    findings
}

/// The event of a sequence number: they stand in order, without gaps.
fn find(events: &[Event], seq: u64) -> Option<&Event> {
    let first = events.first()?.seq;
    events.get(usize::try_from(seq.checked_sub(first)?).ok()?)
}

/// The image of this id among the event's processes and their ancestors.
fn image_near(event: &Event, image: u64) -> Option<Arc<Process>> {
    event.subject().line().chain(event.process.line()).find(|process| process.image.0 == image).cloned()
}
