//! A pack in its worker: the running instance, its rests after failures, and its share of the processor.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, SystemTime};

use super::batch::Batch;
use lanner_contract::Sieve;

use super::contract::PackPre;
use super::description::Description;
use super::instance::{Candidate, Failure, Gave, Instance, PackState};
use super::route::Routed;
use super::runtime::{Runtime, processor_time};
use super::{Answer, PackId};

/// How long a pack rests after its first failure, ns; doubled with each further one.
const FIRST_REST_NS: u64 = 1_000_000_000;
/// How long it rests at most, ns.
const LONGEST_REST_NS: u64 = 60_000_000_000;
/// A pack that ran this long without failing has its failures forgotten, ns.
const FORGIVEN_NS: u64 = 60_000_000_000;

/// What a pack may take above its share, until it is stopped: a burst of events is no reason.
const CREDIT: Duration = Duration::from_secs(2);
/// The share: one in so many.
const SHARE: u32 = 2;

pub(super) struct Slot {
    pre: PackPre<PackState>,
    pub(super) description: Arc<Description>,
    configuration: Arc<[u8]>,
    /// None while it rests.
    pub(super) instance: Option<Instance>,
    /// By the clock of rests: see `rest_clock`.
    rest_until: u64,
    failures: u32,
    /// Events that came while it rested.
    missed: u64,
    account: Account,
    /// Where it replaced another version while batches waited.
    overtaken: Option<Overtaken>,
}

/// The batches that had been routed for the version before, and wait: this one judges them, by its own subscriptions.
struct Overtaken {
    /// The number of the last of them.
    last: u64,
    sieve: Sieve,
}

impl Slot {
    /// Runs the instance; the batches up to the number `overtaken` were routed for the version before it.
    pub(super) fn new(candidate: Candidate, overtaken: Option<u64>) -> Self {
        let Candidate { pre, instance, description, configuration, .. } = candidate;
        let overtaken = overtaken.map(|last| Overtaken { last, sieve: Sieve::new(&description.wanted) });
        let (rest_until, failures, missed, account) = (0, 0, 0, Account::default());
        Self {
            pre,
            description,
            configuration,
            instance: Some(instance),
            rest_until,
            failures,
            missed,
            account,
            overtaken,
        }
    }

    /// By what to choose its events from this batch, where that was routed for the version before.
    pub(super) fn sieve(&self, batch: &Batch) -> Option<&Sieve> {
        self.overtaken.as_ref().filter(|overtaken| batch.number <= overtaken.last).map(|overtaken| &overtaken.sieve)
    }

    /// Has it judge a frame; its thread has been idle for so long in all.
    pub(super) fn judge(&mut self, runtime: &Runtime, routed: &Routed, now: u64, idle: Duration) -> Gave {
        match self.awake(runtime, now) {
            Ok(Some(instance)) => {
                if !runtime.limits.shared {
                    return instance.evaluate(&routed.frame, now);
                }
                let before = processor_time();
                let mut gave = instance.evaluate(&routed.frame, now);
                let after = processor_time();
                if self.account.book(after.saturating_sub(before), after + idle) {
                    gave.failure.get_or_insert(Failure::Share);
                }
                gave
            }
            Ok(None) => {
                self.missed += routed.events;
                Gave::default()
            }
            Err(failure) => Gave { failure: Some(failure), ..Gave::default() },
        }
    }

    pub(super) fn tick(&mut self, runtime: &Runtime, now: u64) -> Gave {
        match self.awake(runtime, now) {
            Ok(Some(instance)) => instance.tick(now),
            Ok(None) => Gave::default(),
            Err(failure) => Gave { failure: Some(failure), ..Gave::default() },
        }
    }

    /// The instance; a new one where the pack's rest is over.
    fn awake(&mut self, runtime: &Runtime, now: u64) -> Result<Option<&mut Instance>, Failure> {
        if self.instance.is_none() {
            let now = rest_clock(runtime, now);
            // A rest is never longer than that: the clock was set back, and waiting for it would take as long.
            let set_back = self.rest_until.saturating_sub(now) > LONGEST_REST_NS;
            if now < self.rest_until && !set_back {
                return Ok(None);
            }
            let name = Arc::from(self.description.name.as_str());
            let mut instance = Instance::start(runtime, &self.pre, name)?;
            // As every start of an instance: the contract promises a configure before the first batch.
            instance.configure(&self.configuration)?.map_err(Failure::Trap)?;
            tracing::warn!(
                "pack {} runs again, without the state it had; {} events passed it by while it rested",
                self.description.name,
                std::mem::take(&mut self.missed)
            );
            self.instance = Some(instance);
        }
        Ok(self.instance.as_mut())
    }

    /// Passes on what a call gave, and puts the pack to rest where it failed.
    pub(super) fn answer(&mut self, runtime: &Runtime, pack: PackId, gave: Gave, now: u64, reply: &Sender<Answer>) {
        let rest_ns = gave.failure.is_some().then(|| self.rest(rest_clock(runtime, now)));
        if gave.findings.is_empty() && gave.dropped == 0 && gave.failure.is_none() {
            return;
        }
        // Nobody waits any more only when the host ends.
        let _ = reply.send(Answer { pack, description: self.description.clone(), gave, rest_ns: rest_ns.unwrap_or(0) });
    }

    /// Drops the instance (a trap poisons it) and says how long the pack rests, ns.
    fn rest(&mut self, now: u64) -> u64 {
        self.instance = None;
        self.account = Account::default();
        if now.saturating_sub(self.rest_until) > FORGIVEN_NS {
            self.failures = 0;
        }
        let rest_ns = FIRST_REST_NS.saturating_mul(1 << self.failures.min(16)).min(LONGEST_REST_NS);
        self.failures += 1;
        self.rest_until = now.saturating_add(rest_ns);
        rest_ns
    }
}

/// The time that rests are counted in, ns. In a replay that of the events, so that each replay is as the last. Live it is
/// the wall clock: after a failure the events wait, and their time would let the pack go on at once, with all that the
/// others wait for behind it.
fn rest_clock(runtime: &Runtime, now: u64) -> u64 {
    if !runtime.limits.shared {
        return now;
    }
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// How much processor time a pack has taken, against its share of what its thread had: the time that it ran, and that it
/// could have run. What other programs took of the processor is not in it, so a busy machine changes nothing.
#[derive(Default)]
struct Account {
    /// Taken above the share.
    owed: Duration,
    /// What the thread had when it was last looked at.
    settled: Option<Duration>,
}

impl Account {
    /// Books what a call took; the thread has had `had` in all. Says whether it was too much.
    fn book(&mut self, took: Duration, had: Duration) -> bool {
        // The first call begins the account.
        let before = self.settled.replace(had).unwrap_or(had.saturating_sub(took));
        self.owed = (self.owed + took).saturating_sub(had.saturating_sub(before) / SHARE);
        self.owed > CREDIT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_kept_and_a_burst_forgiven() {
        let mut account = Account::default();
        let mut busy = |ms: u64, had_ms: u64| account.book(Duration::from_millis(ms), Duration::from_millis(had_ms));
        // A little less than half, for a minute.
        assert!((1..=600).all(|step| !busy(49, step * 100)));
        // All of the time: after some seconds it is too much.
        let first = (1..=100).find(|step| busy(100, 60_000 + step * 100));
        assert!(first.is_some_and(|step| (40..=45).contains(&step)), "{first:?}");
    }
}
