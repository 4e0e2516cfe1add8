//! A worker: a thread that runs some of the packs, each always on the same one until it is moved.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver as Once, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, select_biased, unbounded};
use lanner_contract::Sieve;
use lanner_enrich::Event;
use lanner_frame::Encoder;
use lanner_lists::Snapshot;

use super::PackId;
use super::batch::{Batch, GivenUp};
use super::candidate::Candidate;
use super::compare::Side;
use super::exchange::{Install, Member, Newcomer};
use super::instance::Gave;
use super::refusal::Refusal;
use super::route::{Listed, Routed};
use super::runtime::Runtime;
use super::slot::Slot;
use super::verdict::{Answer, Outlet};

/// Jobs that may wait for a worker of a recorded stream; beyond it the source waits.
const QUEUE: usize = 64;
/// Saved state; more is refused, as it stands in memory twice during a reload.
const MAX_STATE: usize = 64 << 20;
/// How often the cost of a rule is measured.
const MEASURE: Duration = Duration::from_secs(1);
/// How much less the threads are favoured that packs have for themselves, which are slow.
const NICE: i32 = 5;

/// What a worker is asked to do. Jobs are done in order.
pub(super) enum Job {
    /// Judge frames of a batch. `now` is the time of the batch's newest event.
    Judge { batch: Arc<Batch>, frames: Vec<Routed>, now: u64, reply: Reply },
    /// Event time has reached `now`.
    Tick { now: u64, lists: Arc<Snapshot>, reply: Reply },
    /// Stop running a pack: it judges what came before.
    Remove { pack: PackId },
    /// Let a pack go on that failed too often.
    Release { pack: PackId },
    /// Put packs in place when all that came before is judged.
    Install(Install),
    /// Nothing more comes for a pack that was given away.
    Parted { pack: PackId },
    /// Take one over: first it judges what comes with it, until the other one has parted from it, then what comes for it here.
    Adopt { pack: PackId, from: Once<Moved>, arrived: Sender<()> },
}

/// What does not wait behind the jobs.
enum Urgent {
    Install(Install),
    /// Give a pack away, with all that it is, and with what waits for it here.
    Part {
        pack: PackId,
        to: Sender<Moved>,
    },
}

/// What comes over with a pack.
pub(super) enum Moved {
    Slot(Box<Slot>),
    /// It had waited for it.
    Judge {
        batch: Arc<Batch>,
        routed: Routed,
        now: u64,
        reply: Reply,
    },
}

/// Who is told what a pack gave.
#[derive(Clone)]
pub(super) enum Reply {
    /// Those who wait for all packs.
    Together(Sender<Answer>),
    /// Whoever takes verdicts, at once.
    AtOnce(Outlet),
}

/// What came over from the older version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handover {
    /// There was no older version.
    First,
    /// Its state, bytes.
    State(usize),
    /// Nothing: it was resting after a failure and had no checkpoint, or failed to save its state.
    Failed,
}

/// A thread that runs packs has ended: a bug of the host's, after which its packs judge nothing any more.
#[derive(Debug, thiserror::Error)]
#[error("a thread that runs packs has ended unexpectedly; its packs would miss everything from here on")]
pub struct WorkerGone;

/// A running worker.
pub(super) struct Worker {
    /// Both are None when it is to end.
    jobs: Option<crossbeam_channel::Sender<Job>>,
    urgent: Option<crossbeam_channel::Sender<Urgent>>,
    /// Jobs handed over and not done yet.
    open: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts the thread; one for a single, slow pack is favoured less than others.
    pub(super) fn start(runtime: Runtime, given_up: Arc<GivenUp>, name: String, slow: bool) -> std::io::Result<Self> {
        let (jobs, queue) = unbounded();
        // There is one exchange at a time.
        let (urgent, asked) = unbounded();
        let open = Arc::new(AtomicUsize::new(0));
        let packs = Packs {
            runtime,
            slots: BTreeMap::new(),
            encoder: Encoder::default(),
            given_up,
            open: open.clone(),
            idle: Duration::ZERO,
            measured: (None, Instant::now()),
            given: BTreeMap::new(),
            own: slow,
        };
        let work = move || {
            if slow {
                be_nice();
            }
            packs.work(&queue, &asked);
        };
        let thread = std::thread::Builder::new().name(name).spawn(work)?;
        Ok(Self { jobs: Some(jobs), urgent: Some(urgent), open, thread: Some(thread) })
    }

    /// Whether few enough jobs wait.
    pub(super) fn has_room(&self) -> bool {
        self.jobs.as_ref().is_none_or(|jobs| jobs.len() < QUEUE)
    }

    /// Whether all jobs are done.
    pub(super) fn is_idle(&self) -> bool {
        self.open.load(Ordering::SeqCst) == 0 || self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Hands a job over. Never waits.
    pub(super) fn send(&self, job: Job) -> Result<(), WorkerGone> {
        let jobs = self.jobs.as_ref().ok_or(WorkerGone)?;
        self.open.fetch_add(1, Ordering::SeqCst);
        jobs.send(job).map_err(|_| WorkerGone)
    }

    /// Has it put packs in place after the batch that it is at. Does not wait.
    pub(super) fn install(&self, install: Install) {
        // Where its thread has ended it says no, as the vote is dropped.
        let _ = self.urgent.as_ref().map(|urgent| urgent.send(Urgent::Install(install)));
    }

    /// Has it give a pack away, after the batch that it is at.
    pub(super) fn part(&self, pack: PackId, to: Sender<Moved>) -> Result<(), WorkerGone> {
        self.urgent.as_ref().ok_or(WorkerGone)?.send(Urgent::Part { pack, to }).map_err(|_| WorkerGone)?;
        self.send(Job::Parted { pack })
    }

    /// Jobs that wait.
    pub(super) fn waiting(&self) -> usize {
        self.jobs.as_ref().map_or(0, crossbeam_channel::Sender::len)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        (self.jobs, self.urgent) = (None, None);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Has this thread be less favoured than others.
pub(super) fn be_nice() {
    // Where it may not be it is as all others.
    let _ = rustix::process::nice(NICE);
}

/// The packs of one worker.
struct Packs {
    runtime: Runtime,
    slots: BTreeMap<PackId, Slot>,
    encoder: Encoder,
    given_up: Arc<GivenUp>,
    open: Arc<AtomicUsize>,
    /// How long there was nothing to do.
    idle: Duration,
    /// The pack of which a rule was measured last, and when.
    measured: (Option<PackId>, Instant),
    /// Packs that were given away, with where what waits for them goes.
    given: BTreeMap<PackId, Sender<Moved>>,
    /// It is there for one pack, which is slow.
    own: bool,
}

/// What comes next.
enum Next {
    Urgent(Urgent),
    Job(Job),
    /// Nobody asks for installs any more.
    Ending,
}

impl Packs {
    fn work(mut self, queue: &Receiver<Job>, asked: &Receiver<Urgent>) {
        loop {
            let waiting = Instant::now();
            let next = select_biased! {
                recv(asked) -> urgent => urgent.map_or(Next::Ending, Next::Urgent),
                recv(queue) -> job => job.map_or(Next::Ending, Next::Job),
            };
            self.idle += waiting.elapsed();
            match next {
                Next::Urgent(Urgent::Install(install)) => self.install(install),
                Next::Urgent(Urgent::Part { pack, to }) => {
                    if let Some(slot) = self.slots.remove(&pack) {
                        // The other one waits for it, but where it has ended.
                        let _ = to.send(Moved::Slot(Box::new(slot)));
                        self.given.insert(pack, to);
                    }
                }
                Next::Job(job) => self.work_on(job),
                Next::Ending => {
                    // What waits is done all the same.
                    queue.iter().for_each(|job| self.work_on(job));
                    return;
                }
            }
        }
    }

    fn work_on(&mut self, job: Job) {
        match job {
            Job::Judge { batch, frames, now, reply } => self.judge(&batch, &frames, now, &reply),
            Job::Tick { now, lists, reply } => self.tick(now, &lists, &reply),
            Job::Remove { pack } => {
                self.slots.remove(&pack);
            }
            Job::Install(install) => self.install(install),
            Job::Release { pack } => {
                if let Some(slot) = self.slots.get_mut(&pack) {
                    slot.forgive();
                }
            }
            Job::Parted { pack } => {
                self.given.remove(&pack);
            }
            Job::Adopt { pack, from, arrived } => {
                // Nothing comes where it was removed before.
                if let Ok(Moved::Slot(mut slot)) = from.recv() {
                    slot.moved();
                    self.slots.insert(pack, *slot);
                }
                for moved in from {
                    if let Moved::Judge { batch, routed, now, reply } = moved {
                        self.judge(&batch, &[routed], now, &reply);
                    }
                }
                let _ = arrived.send(());
            }
        }
        self.open.fetch_sub(1, Ordering::SeqCst);
    }

    fn judge(&mut self, batch: &Arc<Batch>, frames: &[Routed], now: u64, reply: &Reply) {
        if self.given_up.is_set() {
            if !frames.is_empty() {
                self.given_up.count(batch);
            }
            return;
        }
        let had = self.had();
        for routed in frames {
            let Some(slot) = self.slots.get_mut(&routed.pack) else {
                if let Some(to) = self.given.get(&routed.pack) {
                    let (batch, routed, reply) = (batch.clone(), routed.clone(), reply.clone());
                    // Likewise.
                    let _ = to.send(Moved::Judge { batch, routed, now, reply });
                }
                continue;
            };
            if slot.sieve(batch).is_none() {
                let gave = slot.judge(&self.runtime, routed, (now, &batch.lists), had);
                let gave = slot.compared(gave, now);
                reply.tell(routed.pack, slot, gave, now, Some(batch));
            }
            slot.release(routed.held);
        }
        for (pack, slot) in &mut self.slots {
            let Some(sieve) = slot.sieve(batch) else { continue };
            let wants = |sieve: &Sieve, event: &Event| sieve.wants(&Listed { event, lists: &batch.lists });
            for (frame, events) in self.encoder.encode(batch.events.iter().filter(|event| wants(sieve, event))) {
                let routed = Routed { pack: *pack, frame, events, held: 0 };
                let gave = slot.judge(&self.runtime, &routed, (now, &batch.lists), had);
                let gave = slot.compared(gave, now);
                reply.tell(*pack, slot, gave, now, Some(batch));
            }
        }
    }

    fn tick(&mut self, now: u64, lists: &Arc<Snapshot>, reply: &Reply) {
        if self.given_up.is_set() {
            return;
        }
        let had = self.had();
        for (pack, slot) in &mut self.slots {
            let gave = slot.tick(&self.runtime, (now, lists), had);
            let gave = slot.compared(gave, now);
            reply.tell(*pack, slot, gave, now, None);
        }
        if self.runtime.limits.shared {
            self.measure_a_rule(now, lists);
        }
    }

    /// How long the thread was idle, where packs share it: then none may take more than its share. Who has it alone keeps
    /// nobody waiting.
    fn had(&self) -> Option<Duration> {
        (!self.own && self.slots.len() > 1 && self.runtime.limits.shared).then_some(self.idle)
    }

    /// Of one of the packs, in turn: others wait meanwhile, so it is one rule a second.
    fn measure_a_rule(&mut self, now: u64, lists: &Arc<Snapshot>) {
        let (last, at) = self.measured;
        // Only where nothing waits: a time that jumps brings many ticks at once.
        if at.elapsed() < MEASURE || self.open.load(Ordering::SeqCst) > 1 {
            return;
        }
        let after = |last: PackId| self.slots.range((Bound::Excluded(last), Bound::Unbounded)).next();
        let next = last.and_then(after).or_else(|| self.slots.iter().next()).map(|(pack, _)| *pack);
        self.measured = (next, Instant::now());
        if let Some(slot) = next.and_then(|pack| self.slots.get_mut(&pack)) {
            slot.measure_a_rule(&self.runtime, now, lists);
        }
    }

    /// Puts packs in place, where all of them can be here and on all other threads.
    fn install(&mut self, install: Install) {
        let Install { members, gone, ballot, last, report } = install;
        let mut ready = Vec::new();
        let mut all_can = true;
        for Member { pack, newcomer, meter, mailbox } in members {
            let shadow = match &newcomer {
                Newcomer::Shadow { of, comparison, .. } => Some((*of, comparison.clone())),
                _ => None,
            };
            match self.hand_over(pack, newcomer) {
                Ok(taken) => ready.push((pack, taken, shadow, meter, mailbox)),
                Err(refusal) => {
                    all_can = false;
                    // Who asks may have gone.
                    let _ = report.send((pack, Err(refusal)));
                    break;
                }
            }
        }
        if !ballot.cast(all_can) {
            return;
        }
        for pack in gone {
            self.slots.remove(&pack);
        }
        for (pack, Taken { candidate, handover, saved, begins_with }, shadow, meter, mailbox) in ready {
            let mut older = self.slots.remove(&pack);
            // A shadow judges what waits with the one that it is compared with.
            let overtaken = (older.is_some() || shadow.is_some()).then(|| last.clone());
            let compared = older.as_mut().and_then(|older| older.compared.take());
            let previous = older.map(|older| older.retire(saved));
            let mut slot = Slot::new(candidate, begins_with, overtaken, meter, mailbox);
            slot.compared = compared;
            if let Some((of, comparison)) = shadow {
                if let Some(running) = self.slots.get_mut(&of) {
                    running.compared = Some((Side::Running, Arc::downgrade(&comparison)));
                }
                slot.compared = Some((Side::Candidate, Arc::downgrade(&comparison)));
            }
            self.slots.insert(pack, slot);
            let _ = report.send((pack, Ok((handover, previous))));
        }
    }

    /// Has a newcomer take over the state of the version that runs, which stays as it is; an older version has its own.
    fn hand_over(&mut self, pack: PackId, newcomer: Newcomer) -> Result<Taken, Refusal> {
        let from = if let Newcomer::Shadow { of, .. } = &newcomer { *of } else { pack };
        let older = self.slots.get_mut(&from);
        let mut candidate = match newcomer {
            Newcomer::Candidate(candidate) | Newcomer::Shadow { candidate, .. } => *candidate,
            Newcomer::Promoted(start) => Candidate::again(&self.runtime, *start)?,
            Newcomer::Previous(previous) => {
                let begins_with = previous.state.clone();
                let handover = begins_with.as_ref().map(Vec::len).map_or(Handover::Failed, Handover::State);
                let candidate = Candidate::again(&self.runtime, *previous)?;
                return Ok(Taken { candidate, handover, saved: older.and_then(save), begins_with });
            }
        };
        let taken = |candidate, handover, saved, begins_with| Ok(Taken { candidate, handover, saved, begins_with });
        let Some(older) = older else { return taken(candidate, Handover::First, None, None) };
        let from = older.description.clone();
        let is_another = from.name != candidate.description.name;
        let saved = save(older);
        let Some(state) = saved.as_deref().or(older.checkpoint()).filter(|_| !is_another) else {
            // Another pack in the place of the first: its state is of no use here.
            return taken(candidate, if is_another { Handover::First } else { Handover::Failed }, saved, None);
        };
        let refused = |reason| Refusal::State { from: from.version.clone(), reason };
        if state.len() > MAX_STATE {
            let size = state.len();
            return Err(refused(format!("it is {size} bytes, and {MAX_STATE} can be handed over")));
        }
        match candidate.instance.restore(state, &from.version) {
            Ok(()) => {
                let (size, begins_with) = (state.len(), Some(state.to_vec()));
                taken(candidate, Handover::State(size), saved, begins_with)
            }
            // The one before had failed, perhaps because of that very state: the new one begins without it.
            Err(_) if saved.is_none() => {
                candidate.begin_anew(&self.runtime)?;
                taken(candidate, Handover::Failed, None, None)
            }
            Err(reason) => Err(refused(reason)),
        }
    }
}

/// A newcomer that can take its place.
struct Taken {
    candidate: Candidate,
    handover: Handover,
    /// The state of the version before.
    saved: Option<Vec<u8>>,
    /// The state that it took over.
    begins_with: Option<Vec<u8>>,
}

/// The state of a pack that runs.
fn save(slot: &mut Slot) -> Option<Vec<u8>> {
    let description = slot.description.clone();
    let failed = |failure| {
        tracing::error!("pack {} {} {failure} while it saved its state", description.name, description.version);
    };
    let saved = slot.instance.as_mut()?.save().map_err(failed).ok();
    if saved.is_none() {
        // What traps cannot be called again.
        slot.instance = None;
    }
    saved
}

impl Reply {
    /// Passes on what a call gave, where that is something.
    fn tell(&self, pack: PackId, slot: &Slot, gave: Gave, now: u64, batch: Option<&Arc<Batch>>) {
        if gave.findings.is_empty() && gave.dropped == 0 && gave.failure.is_none() && gave.unreadable.is_none() {
            return;
        }
        let answer = Answer { pack, description: slot.description.clone(), gave };
        match self {
            // Nobody waits any more only when the host ends.
            Self::Together(answers) => drop(answers.send(answer)),
            Self::AtOnce(outlet) => outlet.one(now, batch, answer),
        }
    }
}
