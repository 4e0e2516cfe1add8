//! What a pack has done and cost so far: written by the thread that runs it, read by whoever asks.

use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lanner_contract::Finding;

use super::histogram::Histogram;

/// Of a pack, through all its versions. Nobody waits for anybody here: figures that are read while a batch is judged may be of
/// before and after it.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    state: AtomicU8,
    /// Batches it was called for, and the events in them.
    calls: AtomicU64,
    events: AtomicU64,
    findings: AtomicU64,
    /// Calls that failed, and events that passed it by while it rested.
    failures: AtomicU64,
    missed: AtomicU64,
    /// Events that it was not given, as too many waited for it.
    dropped: AtomicU64,
    /// Processor time of all its calls, and of the longest since it was last asked for, ns.
    processor: AtomicU64,
    longest: AtomicU64,
    /// Linear memory, bytes.
    memory: AtomicU64,
    /// When it was last loaded, ns since 1970 (UTC).
    loaded: AtomicI64,
    costs: Histogram,
    by_rule: Mutex<Vec<RuleFigures>>,
}

/// The figures of a rule, since its version was loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleFigures {
    /// Findings it raised.
    pub findings: u64,
    /// What an event that its pack is given costs more because of it, ns; nothing where that was not measured yet.
    pub cost_ns: Option<u64>,
}

/// How a pack stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It judges.
    #[default]
    Running,
    /// It failed, and goes on after a while.
    Resting,
    /// It failed too often, and goes on when its file changes or somebody lets it.
    Quarantined,
}

impl State {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Resting => "resting",
            Self::Quarantined => "quarantined",
        }
    }
}

/// The figures of a pack, since it was first loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// How it stands.
    pub state: State,
    /// Calls with events.
    pub calls: u64,
    /// Events in them.
    pub events: u64,
    /// Findings it raised.
    pub findings: u64,
    /// Calls that failed.
    pub failures: u64,
    /// Events that passed it by while it rested.
    pub missed: u64,
    /// Events that it was not given, as too many waited for it.
    pub dropped: u64,
    /// Processor time it took, ns.
    pub processor_ns: u64,
    /// Linear memory it has, bytes.
    pub memory: u64,
    /// When its version was loaded, ns since 1970 (UTC); 0 where that is not known.
    pub loaded_ns: i64,
    /// What an event costs, ns, in half of its calls at most.
    pub median_ns: u64,
    /// The same, in 99 of 100.
    pub p99_ns: u64,
}

impl Meter {
    pub(crate) fn set_state(&self, state: State) {
        self.state.store(state as u8, Relaxed);
    }

    /// A version with so many rules begins.
    pub(crate) fn loaded(&self, now_ns: i64, rules: usize) {
        *self.by_rule.lock().unwrap_or_else(PoisonError::into_inner) = vec![RuleFigures::default(); rules];
        self.loaded.store(now_ns, Relaxed);
        self.set_state(State::Running);
    }

    /// A call with so many events took so much of the processor.
    pub(crate) fn called(&self, events: u64, took: Duration) {
        let took = nanoseconds(took);
        self.calls.fetch_add(1, Relaxed);
        self.events.fetch_add(events, Relaxed);
        self.spent(took);
        if let Some(each) = took.checked_div(events) {
            self.costs.count(each);
        }
    }

    /// Any other call did.
    pub(crate) fn spent(&self, ns: u64) {
        self.processor.fetch_add(ns, Relaxed);
        self.longest.fetch_max(ns, Relaxed);
    }

    /// Something was found out aside, for which it need not wait.
    pub(crate) fn spent_aside(&self, ns: u64) {
        self.processor.fetch_add(ns, Relaxed);
    }

    /// It raised findings. Those of rules that it does not have are counted as the pack's alone.
    pub(crate) fn found(&self, findings: &[Finding]) {
        if findings.is_empty() {
            return;
        }
        self.findings.fetch_add(findings.len() as u64, Relaxed);
        let mut by_rule = self.by_rule.lock().unwrap_or_else(PoisonError::into_inner);
        for finding in findings {
            if let Some(rule) = by_rule.get_mut(finding.rule as usize) {
                rule.findings += 1;
            }
        }
    }

    pub(crate) fn set_rule_cost(&self, rule: u32, ns: u64) {
        let mut by_rule = self.by_rule.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rule) = by_rule.get_mut(rule as usize) {
            rule.cost_ns = Some(ns);
        }
    }

    /// By the rule's index, of the version that runs.
    pub(crate) fn by_rule(&self) -> Vec<RuleFigures> {
        self.by_rule.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn failed(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    pub(crate) fn missed(&self, events: u64) {
        self.missed.fetch_add(events, Relaxed);
    }

    pub(crate) fn dropped(&self, events: u64) {
        self.dropped.fetch_add(events, Relaxed);
    }

    pub(crate) fn set_memory(&self, bytes: u64) {
        self.memory.store(bytes, Relaxed);
    }

    pub(crate) fn processor(&self) -> Duration {
        Duration::from_nanos(self.processor.load(Relaxed))
    }

    /// The longest call since this was last asked.
    pub(crate) fn take_longest(&self) -> Duration {
        Duration::from_nanos(self.longest.swap(0, Relaxed))
    }

    pub(crate) fn figures(&self) -> Figures {
        let of = |counter: &AtomicU64| counter.load(Relaxed);
        Figures {
            state: match self.state.load(Relaxed) {
                1 => State::Resting,
                2 => State::Quarantined,
                _ => State::Running,
            },
            calls: of(&self.calls),
            events: of(&self.events),
            findings: of(&self.findings),
            failures: of(&self.failures),
            missed: of(&self.missed),
            dropped: of(&self.dropped),
            processor_ns: of(&self.processor),
            memory: of(&self.memory),
            loaded_ns: self.loaded.load(Relaxed),
            median_ns: self.costs.below(0.5),
            p99_ns: self.costs.below(0.99),
        }
    }
}

pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
