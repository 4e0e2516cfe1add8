//! What each rule of a pack costs: measured aside, on events that the pack was given, by instances that have one rule each. What
//! runs is not slowed down, and no language has to help.

use std::sync::Arc;
use std::time::Duration;

use lanner_lists::Snapshot;

use super::instance::{Failure, Instance};
use super::meter::{Meter, nanoseconds};
use super::runtime::processor_time;

/// Events of a frame that is worth measuring on; fewer tell little.
const EVENTS: u64 = 16;
/// Bytes of one that is kept for that.
const MAX_FRAME: usize = 1 << 20;
/// How often it is evaluated; the least counts, after one that warms up.
const TIMES: usize = 4;
/// What a start, or one evaluation, may take; of a pack that takes longer nothing is measured.
pub(super) const MEASURING: Duration = Duration::from_millis(20);

/// The rule that is next, and on what.
#[derive(Default)]
pub(super) struct RuleCost {
    frame: Option<(Arc<[u8]>, u64)>,
    next: u32,
    /// What the pack takes without any of its rules, ns for the frame.
    idle: Option<u64>,
    /// It takes too long for that, or fails.
    off: bool,
}

impl RuleCost {
    /// A frame that the pack was given.
    pub(super) fn note(&mut self, frame: &Arc<[u8]>, events: u64) {
        let better = self.frame.as_ref().is_none_or(|(_, known)| events >= (*known).min(EVENTS));
        if better && frame.len() <= MAX_FRAME && events > 0 {
            self.frame = Some((frame.clone(), events));
            self.idle = None;
        }
    }

    /// Measures the next of so many rules. `start` starts an instance without the rules that it is given.
    pub(super) fn measure(
        &mut self,
        rules: u32,
        (now, lists): (u64, &Arc<Snapshot>),
        meter: &Meter,
        start: impl Fn(&[u32]) -> Result<Instance, Failure>,
    ) {
        let Some((frame, events)) = self.frame.clone().filter(|_| !self.off) else { return };
        let failed = std::cell::Cell::new(false);
        let all = 0..rules;
        let cost = |off: &[u32]| {
            let measured = start(off).ok().and_then(|mut instance| {
                instance.set_quiet(true);
                evaluate(&mut instance, &frame, now, lists)
            });
            failed.set(failed.get() || measured.is_none());
            measured
        };
        self.idle = self.idle.or_else(|| cost(&all.clone().collect::<Vec<_>>()));
        let Some(idle) = self.idle else {
            self.off = true;
            return;
        };
        let rule = self.next % rules.max(1);
        self.next = rule.wrapping_add(1);
        let others: Vec<u32> = all.filter(|other| *other != rule).collect();
        if let Some(took) = cost(&others) {
            meter.set_rule_cost(rule, took.saturating_sub(idle) / events);
        }
        // Whatever it is, it is not to happen again each second.
        self.off = failed.get();
        if rule + 1 >= rules {
            // Next time on other events.
            self.frame = None;
        }
    }
}

/// What it takes, ns; nothing where it fails.
fn evaluate(instance: &mut Instance, frame: &[u8], now: u64, lists: &Arc<Snapshot>) -> Option<u64> {
    let mut least = None;
    for _ in 0..=TIMES {
        let before = processor_time();
        if instance.evaluate(frame, now, lists).failure.is_some() {
            return None;
        }
        let took = processor_time().saturating_sub(before);
        least = Some(least.map_or(took, |least: Duration| least.min(took)));
    }
    least.map(nanoseconds)
}
