//! What is done with a batch in which a pack trapped: which event did it, and which rule, is found by trying, so that in no
//! language a pack has to say so; and the rest is judged all the same.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use lanner_abi::{Frame, Portion};
use lanner_contract::Finding;
use lanner_lists::Snapshot;

use super::description::Description;
use super::instance::{Failure, Instance};
use super::runtime::processor_time;

/// Larger frames, and those of more events, are not tried again event by event.
const MAX_FRAME: usize = 1 << 20;
const MAX_EVENTS: u32 = 1024;
/// Rules that are tried alone at most.
const MAX_RULES: usize = 64;
/// Traps in one batch of which each is looked at; with more of them the pack is beyond that.
const MAX_TRAPS: usize = 8;
/// Processor time for all of it, about, in a live host: others wait.
pub(super) const PATIENCE: Duration = Duration::from_millis(200);

/// What came of it.
#[derive(Default)]
pub(super) struct Retried {
    /// Findings that were not raised before the trap.
    pub(super) findings: Vec<Finding>,
    /// The rules that trap.
    pub(super) rules: Vec<u32>,
    /// The sequence numbers of the events that it traps on, whatever rule is off: they are left out.
    pub(super) events: Vec<u64>,
    /// Events that it did not get to judge.
    pub(super) missed: u64,
    /// It goes on with this one; nothing where it trapped too often, or nothing could be found out.
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
    pub(super) lists: &'a Arc<Snapshot>,
    /// What was raised before the trap.
    pub(super) raised: &'a [Finding],
    /// How much processor time it may take, where others wait. Where none do, it must not matter how fast the machine is.
    pub(super) patience: Option<Duration>,
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
        let (mut off, mut rules, mut skipped) = (self.off.to_vec(), Vec::new(), BTreeSet::new());
        // What was raised in a row before it trapped.
        let mut findings = Vec::new();
        for _ in 0..=MAX_TRAPS {
            let Some(mut instance) = (self.start)(&off) else { break };
            let mut all = Vec::new();
            let rows = (0..count).filter(|row| !skipped.contains(row));
            let mut trapped = None;
            for row in rows {
                let mut gave = instance.evaluate(portion.events(row..row + 1), self.now, self.lists);
                match gave.failure {
                    None => all.append(&mut gave.findings),
                    Some(Failure::Trap(_) | Failure::Memory(_)) => {
                        findings.append(&mut gave.findings);
                        trapped = Some(row);
                        break;
                    }
                    Some(_) => return Retried { findings: self.new_ones(findings), ..nothing() },
                }
                if self.is_late(began) {
                    return Retried { findings: self.new_ones(all), ..nothing() };
                }
            }
            let Some(row) = trapped else {
                // Where it does not trap any more, that is another matter with the state of the checkpoint.
                let events = skipped.iter().filter_map(|row| sequence_number(portion.events(*row..row + 1)));
                let events: Vec<u64> = events.collect();
                let missed = skipped.len() as u64;
                all.append(&mut findings);
                return Retried { findings: self.new_ones(all), rules, events, missed, instance: Some(instance) };
            };
            match self.culprit(&mut portion, row, &off, began) {
                Some(rule) => {
                    off.push(rule);
                    rules.push(rule);
                }
                None => {
                    skipped.insert(row);
                }
            }
        }
        Retried { findings: self.new_ones(findings), ..nothing() }
    }

    fn is_late(&self, began: Duration) -> bool {
        self.patience.is_some_and(|patience| processor_time().saturating_sub(began) > patience)
    }

    /// The rule that traps on the event of this row, all others being off.
    fn culprit(&self, portion: &mut Portion, row: u32, off: &[u32], began: Duration) -> Option<u32> {
        let frame = Frame::parse(portion.events(row..row + 1)).ok()?;
        let kind = frame.events().next()?.kind()?;
        let rules = || (0..).zip(&self.description.rules);
        let wants = |rule: &lanner_contract::Rule| rule.events.iter().any(|event| event.kind == kind.name());
        let suspects = rules().filter(|(number, rule)| !off.contains(number) && wants(rule));
        for (suspect, _) in suspects.take(MAX_RULES) {
            if self.is_late(began) {
                return None;
            }
            let others: Vec<u32> = rules().map(|(number, _)| number).filter(|number| *number != suspect).collect();
            let gave = (self.start)(&others)?.evaluate(portion.events(row..row + 1), self.now, self.lists);
            if let Some(Failure::Trap(_) | Failure::Memory(_)) = gave.failure {
                return Some(suspect);
            }
        }
        None
    }

    /// Those that were not raised before: by which rule, and about which events. What a rule says of them may depend on its state,
    /// which is another now.
    fn new_ones(&self, mut findings: Vec<Finding>) -> Vec<Finding> {
        for raised in self.raised {
            let same = |finding: &Finding| finding.rule == raised.rule && finding.events == raised.events;
            if let Some(place) = findings.iter().position(same) {
                findings.remove(place);
            }
        }
        findings
    }
}

fn sequence_number(frame: &[u8]) -> Option<u64> {
    Frame::parse(frame).ok()?.events().next().map(|event| event.seq())
}
