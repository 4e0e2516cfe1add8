//! What is done with a batch in which a pack trapped: which event did it, and which rule, is found by trying, so that in no
//! language a pack has to say so; and the rest is judged all the same.

use std::ops::Range;
use std::time::Duration;

use lanner_abi::{Frame, Portion};
use lanner_contract::Finding;

use super::description::Description;
use super::instance::{Failure, Instance};
use super::runtime::processor_time;

/// Larger frames, and those of more events, are not tried again event by event.
const MAX_FRAME: usize = 1 << 20;
const MAX_EVENTS: u32 = 1024;
/// Rules that are tried alone at most.
const MAX_RULES: usize = 64;
/// Processor time for all of it, about: others wait.
const PATIENCE: Duration = Duration::from_millis(200);

/// What came of it.
#[derive(Default)]
pub(super) struct Retried {
    /// Findings that were not raised before the trap.
    pub(super) findings: Vec<Finding>,
    /// The rule that traps.
    pub(super) rule: Option<u32>,
    /// The sequence number of the event that it traps on.
    pub(super) event: Option<u64>,
    /// Events that it did not get to judge.
    pub(super) missed: u64,
    /// It goes on with this one; nothing where it trapped again, or nothing could be found out.
    pub(super) instance: Option<Instance>,
}

/// A batch, to be tried again by new instances of its pack.
pub(super) struct Retry<'a, Start> {
    pub(super) description: &'a Description,
    /// Starts one, from the last checkpoint, without these rules.
    pub(super) start: Start,
    /// The rules that are off anyway.
    pub(super) off: &'a [u32],
    pub(super) frame: &'a [u8],
    pub(super) now: u64,
    /// What was raised before the trap.
    pub(super) raised: &'a [Finding],
}

impl<Start: Fn(&[u32]) -> Option<Instance>> Retry<'_, Start> {
    pub(super) fn run(&self) -> Retried {
        let mut portion = Portion::of(self.frame);
        let count = portion.count();
        let nothing = || Retried { missed: count.into(), ..Retried::default() };
        if self.frame.len() > MAX_FRAME || count > MAX_EVENTS {
            return nothing();
        }
        let began = processor_time();
        let Some(mut instance) = (self.start)(self.off) else { return nothing() };
        let mut findings = Vec::new();
        for row in 0..count {
            match self.judge(&mut instance, &mut portion, row..row + 1) {
                Ok(found) => findings.extend(found),
                Err(Failure::Trap(_) | Failure::Memory(_)) => return self.go_on_without(&mut portion, row, began),
                Err(_) => return nothing(),
            }
            if processor_time().saturating_sub(began) > PATIENCE {
                return nothing();
            }
        }
        // Once more it did not trap: with the state of the checkpoint it is another matter.
        let findings = self.new_ones(findings);
        Retried { findings, instance: Some(instance), ..Retried::default() }
    }

    /// The event of this row traps.
    fn go_on_without(&self, portion: &mut Portion, row: u32, began: Duration) -> Retried {
        let count = portion.count();
        let event = Frame::parse(portion.events(row..row + 1)).ok();
        let event = event.as_ref().and_then(|frame| frame.events().next());
        let seq = event.as_ref().map(|event| event.seq());
        let kind = event.and_then(|event| event.kind()).map_or("", lanner_abi::Kind::name);
        let rule = self.culprit(portion, row, kind, began);
        let off: Vec<u32> = self.off.iter().copied().chain(rule).collect();
        let gone = |missed: u32| Retried { rule, event: seq, missed: missed.into(), ..Retried::default() };
        let Some(mut instance) = (self.start)(&off) else { return gone(count - row) };
        // What it raises of these was raised before.
        if self.judge(&mut instance, portion, 0..row).is_err() {
            return gone(count - row);
        }
        let mut findings = Vec::new();
        if rule.is_some() {
            match self.judge(&mut instance, portion, row..row + 1) {
                Ok(found) => findings.extend(self.new_ones(found)),
                Err(_) => return Retried { findings, ..gone(count - row) },
            }
        }
        let skipped = u32::from(rule.is_none());
        match self.judge(&mut instance, portion, row + 1..count) {
            Ok(found) => {
                findings.extend(found);
                Retried { findings, instance: Some(instance), ..gone(skipped) }
            }
            Err(_) => Retried { findings, ..gone(count - row - 1 + skipped) },
        }
    }

    /// The rule that traps on the event of this row, all others being off.
    fn culprit(&self, portion: &mut Portion, row: u32, kind: &str, began: Duration) -> Option<u32> {
        let rules = || (0..).zip(&self.description.rules);
        let wants = |rule: &lanner_contract::Rule| rule.events.iter().any(|event| event.kind == kind);
        let suspects = rules().filter(|(number, rule)| !self.off.contains(number) && wants(rule));
        for (suspect, _) in suspects.take(MAX_RULES) {
            if processor_time().saturating_sub(began) > PATIENCE {
                return None;
            }
            let others: Vec<u32> = rules().map(|(number, _)| number).filter(|number| *number != suspect).collect();
            let mut instance = (self.start)(&others)?;
            if let Err(Failure::Trap(_) | Failure::Memory(_)) = self.judge(&mut instance, portion, row..row + 1) {
                return Some(suspect);
            }
        }
        None
    }

    fn judge(&self, instance: &mut Instance, portion: &mut Portion, rows: Range<u32>) -> Result<Vec<Finding>, Failure> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let gave = instance.evaluate(portion.events(rows), self.now);
        gave.failure.map_or(Ok(gave.findings), Err)
    }

    /// Those that were not raised before.
    fn new_ones(&self, findings: Vec<Finding>) -> Vec<Finding> {
        findings.into_iter().filter(|finding| !self.raised.contains(finding)).collect()
    }
}
