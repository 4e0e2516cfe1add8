//! A worker: a thread that runs some of the packs, each always on the same one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use super::contract::PackPre;
use super::description::Description;
use super::instance::{Candidate, Failure, Gave, Instance, PackState};
use super::refusal::Refusal;
use super::route::Routed;
use super::runtime::Runtime;
use super::{Answer, PackId};

/// Jobs that may wait for a worker; beyond it the source waits, and the kernel's ring buffer holds what comes.
const QUEUE: usize = 64;
/// How long a pack rests after its first failure, ns of event time; doubled with each further one.
const FIRST_REST_NS: u64 = 1_000_000_000;
/// How long it rests at most, ns.
const LONGEST_REST_NS: u64 = 60_000_000_000;
/// Saved state; more is refused, as it stands in memory twice during a reload.
const MAX_STATE: usize = 64 << 20;
/// A pack that ran this long without failing has its failures forgotten, ns.
const FORGIVEN_NS: u64 = 60_000_000_000;

/// What a pack may take above its share, until it is stopped: a burst of events is no reason.
const CREDIT: Duration = Duration::from_secs(2);
/// The share: one in so many.
const SHARE: u32 = 2;

/// What a worker is asked to do. Jobs are done in order, so a pack changes between two batches.
pub(super) enum Job {
    /// Judge frames. `now` is the time of the batch's newest event.
    Judge { frames: Vec<Routed>, now: u64, reply: Sender<Answer> },
    /// Event time has reached `now`.
    Tick { now: u64, reply: Sender<Answer> },
    /// Run a pack; in place of its older version with that version's state, where there is one.
    Install { pack: PackId, candidate: Box<Candidate>, reply: Sender<Result<Handover, Refusal>> },
    /// Stop running a pack.
    Remove { pack: PackId },
}

/// What came over from the older version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handover {
    /// There was no older version.
    First,
    /// Its state, bytes.
    State(usize),
    /// Nothing: it was resting after a failure, or failed to save its state.
    Failed,
}

/// A thread that runs packs has ended: a bug of the host's, after which its packs judge nothing any more.
#[derive(Debug, thiserror::Error)]
#[error("a thread that runs packs has ended unexpectedly; its packs would miss everything from here on")]
pub struct WorkerGone;

/// A running worker.
pub(super) struct Worker {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    pub(super) fn start(runtime: Runtime, number: usize) -> std::io::Result<Self> {
        let (jobs, queue) = std::sync::mpsc::sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name(format!("lanner-packs-{number}"))
            .spawn(move || Packs { runtime, slots: BTreeMap::new() }.work(&queue))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Hands a job over; waits while the queue is full.
    pub(super) fn send(&self, job: Job) -> Result<(), WorkerGone> {
        let jobs = self.jobs.as_ref().ok_or(WorkerGone)?;
        jobs.send(job).map_err(|_| WorkerGone)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The packs of one worker.
struct Packs {
    runtime: Runtime,
    slots: BTreeMap<PackId, Slot>,
}

struct Slot {
    pre: PackPre<PackState>,
    description: Arc<Description>,
    /// None while it rests.
    instance: Option<Instance>,
    rest_until: u64,
    failures: u32,
    /// Events that came while it rested.
    missed: u64,
    account: Account,
}

/// How much processor time a pack has taken, against its share.
struct Account {
    /// Taken above the share.
    owed: Duration,
    settled: Instant,
}

impl Account {
    fn new() -> Self {
        Self { owed: Duration::ZERO, settled: Instant::now() }
    }

    /// Books what a call took. Says whether it was too much.
    fn book(&mut self, took: Duration, now: Instant) -> bool {
        let earned = now.saturating_duration_since(self.settled) / SHARE;
        self.owed = (self.owed + took).saturating_sub(earned);
        self.settled = now;
        self.owed > CREDIT
    }
}

/// Processor time of this thread: what others do meanwhile is not the pack's.
fn processor_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

impl Packs {
    fn work(mut self, queue: &Receiver<Job>) {
        while let Ok(job) = queue.recv() {
            match job {
                Job::Judge { frames, now, reply } => {
                    for routed in &frames {
                        if let Some(slot) = self.slots.get_mut(&routed.pack) {
                            let gave = slot.judge(&self.runtime, routed, now);
                            slot.answer(routed.pack, gave, now, &reply);
                        }
                    }
                }
                Job::Tick { now, reply } => {
                    for (pack, slot) in &mut self.slots {
                        let gave = slot.tick(&self.runtime, now);
                        slot.answer(*pack, gave, now, &reply);
                    }
                }
                Job::Install { pack, candidate, reply } => {
                    // The one that asks waits for the answer.
                    let _ = reply.send(self.install(pack, *candidate));
                }
                Job::Remove { pack } => {
                    self.slots.remove(&pack);
                }
            }
        }
    }

    fn install(&mut self, pack: PackId, candidate: Candidate) -> Result<Handover, Refusal> {
        let Candidate { pre, mut instance, description, .. } = candidate;
        let handover = match self.slots.get_mut(&pack) {
            None => Handover::First,
            // Another pack in the place of the first: its state is of no use here.
            Some(Slot { description: from, .. }) if from.name != description.name => Handover::First,
            Some(Slot { instance: None, .. }) => Handover::Failed,
            Some(Slot { instance: Some(old), description: from, .. }) => match old.save() {
                // What traps cannot be called again, so there is nothing to go on with.
                Err(failure) => {
                    tracing::error!("pack {} {} {failure} while it saved its state", from.name, from.version);
                    Handover::Failed
                }
                Ok(state) => {
                    let refused = |reason| Refusal::State { from: from.version.clone(), reason };
                    if state.len() > MAX_STATE {
                        let size = state.len();
                        return Err(refused(format!("it is {size} bytes, and {MAX_STATE} can be handed over")));
                    }
                    instance.restore(&state, &from.version).map_err(refused)?;
                    Handover::State(state.len())
                }
            },
        };
        let account = Account::new();
        let slot = Slot { pre, description, instance: Some(instance), rest_until: 0, failures: 0, missed: 0, account };
        self.slots.insert(pack, slot);
        Ok(handover)
    }
}

impl Slot {
    fn judge(&mut self, runtime: &Runtime, routed: &Routed, now: u64) -> Gave {
        match self.awake(runtime, now) {
            Ok(Some(instance)) => {
                if !runtime.limits.shared {
                    return instance.evaluate(&routed.frame);
                }
                let before = processor_time();
                let mut gave = instance.evaluate(&routed.frame);
                if self.account.book(processor_time().saturating_sub(before), Instant::now()) {
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

    fn tick(&mut self, runtime: &Runtime, now: u64) -> Gave {
        match self.awake(runtime, now) {
            Ok(Some(instance)) => instance.tick(now),
            Ok(None) => Gave::default(),
            Err(failure) => Gave { failure: Some(failure), ..Gave::default() },
        }
    }

    /// The instance; a new one where the pack's rest is over.
    fn awake(&mut self, runtime: &Runtime, now: u64) -> Result<Option<&mut Instance>, Failure> {
        if self.instance.is_none() {
            // A rest is never longer than that: the clock was set back, and waiting for it would take as long.
            let set_back = self.rest_until.saturating_sub(now) > LONGEST_REST_NS;
            if now < self.rest_until && !set_back {
                return Ok(None);
            }
            let name = Arc::from(self.description.name.as_str());
            let mut instance = Instance::start(runtime, &self.pre, name)?;
            // As every start of an instance: the contract promises a configure before the first batch.
            instance.configure(&[])?.map_err(Failure::Trap)?;
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
    fn answer(&mut self, pack: PackId, gave: Gave, now: u64, reply: &Sender<Answer>) {
        let rest_ns = gave.failure.is_some().then(|| self.rest(now));
        if gave.findings.is_empty() && gave.dropped == 0 && gave.failure.is_none() {
            return;
        }
        // Nobody waits any more only when the host ends.
        let _ = reply.send(Answer { pack, description: self.description.clone(), gave, rest_ns: rest_ns.unwrap_or(0) });
    }

    /// Drops the instance (a trap poisons it) and says how long the pack rests, ns.
    fn rest(&mut self, now: u64) -> u64 {
        self.instance = None;
        self.account = Account::new();
        if now.saturating_sub(self.rest_until) > FORGIVEN_NS {
            self.failures = 0;
        }
        let rest_ns = FIRST_REST_NS.saturating_mul(1 << self.failures.min(16)).min(LONGEST_REST_NS);
        self.failures += 1;
        self.rest_until = now.saturating_add(rest_ns);
        rest_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_kept_and_a_burst_forgiven() {
        let begin = Instant::now();
        let mut account = Account { settled: begin, ..Account::new() };
        let mut busy =
            |ms: u64, at_ms: u64| account.book(Duration::from_millis(ms), begin + Duration::from_millis(at_ms));
        // A little less than half, for a minute.
        assert!((1..=600).all(|step| !busy(49, step * 100)));
        // All of the time: after some seconds it is too much.
        let first = (1..=100).find(|step| busy(100, 60_000 + step * 100));
        assert!(first.is_some_and(|step| (40..=45).contains(&step)), "{first:?}");
    }
}
