//! A worker: a thread that runs some of the packs, each always on the same one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded, select_biased, unbounded};
use lanner_frame::Encoder;

use super::batch::{Batch, GivenUp};
use super::instance::Candidate;
use super::refusal::Refusal;
use super::route::Routed;
use super::runtime::Runtime;
use super::slot::Slot;
use super::{Answer, PackId};

/// Jobs that may wait for a worker; beyond it the source waits, and the kernel's ring buffer holds what comes.
const QUEUE: usize = 64;
/// Room beyond that, for what has to be handed over all the same (the rest of a batch before an order is carried out, a
/// tick): who asked whether there is room, and found some, never waits.
pub(super) const SLACK: usize = 16;
/// Saved state; more is refused, as it stands in memory twice during a reload.
const MAX_STATE: usize = 64 << 20;

/// What a worker is asked to do. Jobs are done in order.
pub(super) enum Job {
    /// Judge frames of a batch. `now` is the time of the batch's newest event.
    Judge { batch: Arc<Batch>, frames: Vec<Routed>, now: u64, reply: Sender<Answer> },
    /// Event time has reached `now`.
    Tick { now: u64, reply: Sender<Answer> },
    /// Stop running a pack: it judges what came before.
    Remove { pack: PackId },
}

/// Run a pack; in place of its older version with that version's state, where there is one. It does not wait behind the
/// jobs: a reload takes as long as the batch that is being judged, however many wait.
struct Install {
    pack: PackId,
    candidate: Box<Candidate>,
    /// The number of the last batch that was routed without it.
    last: u64,
    reply: Sender<Result<Handover, Refusal>>,
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
    /// Both are None when it is to end.
    jobs: Option<crossbeam_channel::Sender<Job>>,
    installs: Option<crossbeam_channel::Sender<Install>>,
    /// Jobs handed over and not done yet.
    open: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    pub(super) fn start(runtime: Runtime, given_up: Arc<GivenUp>, number: usize) -> std::io::Result<Self> {
        let (jobs, queue) = bounded(QUEUE + SLACK);
        // Who asks waits for the answer, so there is never more than one.
        let (installs, asked) = unbounded();
        let open = Arc::new(AtomicUsize::new(0));
        let packs = Packs {
            runtime,
            slots: BTreeMap::new(),
            encoder: Encoder::default(),
            given_up,
            open: open.clone(),
            idle: Duration::ZERO,
        };
        let thread = std::thread::Builder::new()
            .name(format!("lanner-packs-{number}"))
            .spawn(move || packs.work(&queue, &asked))?;
        Ok(Self { jobs: Some(jobs), installs: Some(installs), open, thread: Some(thread) })
    }

    /// Whether jobs can be handed over without waiting.
    pub(super) fn has_room(&self) -> bool {
        self.jobs.as_ref().is_none_or(|jobs| jobs.len() < QUEUE)
    }

    /// Whether all jobs are done.
    pub(super) fn is_idle(&self) -> bool {
        self.open.load(Ordering::SeqCst) == 0 || self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Hands a job over; waits where there is no room.
    pub(super) fn send(&self, job: Job) -> Result<(), WorkerGone> {
        let jobs = self.jobs.as_ref().ok_or(WorkerGone)?;
        self.open.fetch_add(1, Ordering::SeqCst);
        jobs.send(job).map_err(|_| WorkerGone)
    }

    /// Has it run a pack after the batch that it is at; `last` is the number of the last batch handed over.
    pub(super) fn install(&self, pack: PackId, candidate: Candidate, last: u64) -> Result<Handover, Refusal> {
        let gone = || Refusal::Call { call: "its start", reason: WorkerGone.to_string() };
        let (reply, answer) = std::sync::mpsc::channel();
        let install = Install { pack, candidate: Box::new(candidate), last, reply };
        self.installs.as_ref().ok_or_else(gone)?.send(install).map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        (self.jobs, self.installs) = (None, None);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
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
}

/// What comes next.
enum Next {
    Install(Install),
    Job(Job),
    /// Nobody asks for installs any more.
    Ending,
}

impl Packs {
    fn work(mut self, queue: &Receiver<Job>, asked: &Receiver<Install>) {
        loop {
            let waiting = Instant::now();
            let next = select_biased! {
                recv(asked) -> install => install.map_or(Next::Ending, Next::Install),
                recv(queue) -> job => job.map_or(Next::Ending, Next::Job),
            };
            self.idle += waiting.elapsed();
            match next {
                Next::Install(Install { pack, candidate, last, reply }) => {
                    // The one that asks waits for the answer.
                    let _ = reply.send(self.install(pack, *candidate, last));
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
            Job::Tick { now, reply } => self.tick(now, &reply),
            Job::Remove { pack } => {
                self.slots.remove(&pack);
            }
        }
        self.open.fetch_sub(1, Ordering::SeqCst);
    }

    fn judge(&mut self, batch: &Batch, frames: &[Routed], now: u64, reply: &Sender<Answer>) {
        if self.given_up.is_set() {
            if !frames.is_empty() {
                self.given_up.count(batch);
            }
            return;
        }
        for routed in frames {
            if let Some(slot) = self.slots.get_mut(&routed.pack).filter(|slot| slot.sieve(batch).is_none()) {
                let gave = slot.judge(&self.runtime, routed, now, self.idle);
                slot.answer(&self.runtime, routed.pack, gave, now, reply);
            }
        }
        for (pack, slot) in &mut self.slots {
            let Some(sieve) = slot.sieve(batch) else { continue };
            for (frame, events) in self.encoder.encode(batch.events.iter().filter(|event| sieve.wants(*event))) {
                let routed = Routed { pack: *pack, frame, events };
                let gave = slot.judge(&self.runtime, &routed, now, self.idle);
                slot.answer(&self.runtime, *pack, gave, now, reply);
            }
        }
    }

    fn tick(&mut self, now: u64, reply: &Sender<Answer>) {
        if self.given_up.is_set() {
            return;
        }
        for (pack, slot) in &mut self.slots {
            let gave = slot.tick(&self.runtime, now);
            slot.answer(&self.runtime, *pack, gave, now, reply);
        }
    }

    fn install(&mut self, pack: PackId, mut candidate: Candidate, last: u64) -> Result<Handover, Refusal> {
        let older = self.slots.get_mut(&pack);
        let overtaken = older.is_some().then_some(last);
        let handover = match older {
            None => Handover::First,
            // Another pack in the place of the first: its state is of no use here.
            Some(Slot { description: from, .. }) if from.name != candidate.description.name => Handover::First,
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
                    candidate.instance.restore(&state, &from.version).map_err(refused)?;
                    Handover::State(state.len())
                }
            },
        };
        self.slots.insert(pack, Slot::new(candidate, overtaken));
        Ok(handover)
    }
}
