//! Packs that are put in place together: all of them between two batches, or none.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use lanner_contract::Configuration;

use super::PackId;
use super::candidate::Candidate;
use super::compare::Comparison;
use super::contract::PackPre;
use super::description::Description;
use super::instance::PackState;
use super::mailbox::Mailbox;
use super::meter::Meter;
use super::refusal::Refusal;
use super::route::Plan;
use super::shadow::Shadow;
use super::worker::Handover;

/// What becomes of it; or which pack was refused, and why.
pub type Outcome = Result<Placed, (PathBuf, Refusal)>;

/// What was done.
#[derive(Clone, Debug, Default)]
pub struct Placed {
    /// What each pack took over, in the order in which they were given.
    pub handovers: Vec<Handover>,
    /// What was taken out, and where it came from.
    pub removed: Vec<(PathBuf, Arc<Description>)>,
}

/// Workers agree whether they do something: only where each of them can.
#[derive(Debug)]
pub(crate) struct Agreement {
    votes: Mutex<Votes>,
    complete: Condvar,
}

#[derive(Debug)]
struct Votes {
    missing: usize,
    all_can: bool,
}

impl Agreement {
    /// Among so many.
    pub(crate) fn new(workers: usize) -> Self {
        Self { votes: Mutex::new(Votes { missing: workers, all_can: true }), complete: Condvar::new() }
    }

    /// Waits for all; gives whether all can.
    fn reach(&self) -> bool {
        let votes = self.votes.lock().unwrap_or_else(PoisonError::into_inner);
        let complete = self.complete.wait_while(votes, |votes| votes.missing > 0);
        complete.unwrap_or_else(PoisonError::into_inner).all_can
    }

    fn vote(&self, can: bool) {
        let mut votes = self.votes.lock().unwrap_or_else(PoisonError::into_inner);
        votes.all_can &= can;
        votes.missing = votes.missing.saturating_sub(1);
        if votes.missing == 0 {
            self.complete.notify_all();
        }
    }
}

/// The vote of one of them. Who goes without having cast it cannot.
#[derive(Debug)]
pub(crate) struct Ballot {
    agreement: Arc<Agreement>,
    cast: bool,
}

impl Ballot {
    pub(crate) fn new(agreement: &Arc<Agreement>) -> Self {
        Self { agreement: agreement.clone(), cast: false }
    }

    /// Says whether one of them can, and waits for the others. Gives whether all can.
    pub(crate) fn cast(mut self, can: bool) -> bool {
        self.cast = true;
        self.agreement.vote(can);
        self.agreement.reach()
    }
}

impl Drop for Ballot {
    fn drop(&mut self) {
        if !self.cast {
            self.agreement.vote(false);
        }
    }
}

/// A version that was replaced: ready to be started again, with the state that it had.
#[derive(Clone)]
pub(crate) struct Previous {
    pub(crate) pre: PackPre<PackState>,
    pub(crate) description: Arc<Description>,
    pub(crate) configuration: Configuration,
    /// Nothing where it had failed, or failed to save it.
    pub(crate) state: Option<Vec<u8>>,
}

/// What takes the place.
pub(crate) enum Newcomer {
    /// A new version, which takes over the state of the one before.
    Candidate(Box<Candidate>),
    /// An older one, which has its own.
    Previous(Box<Previous>),
    /// One that ran in the shadow, and takes over the state of the one before.
    Promoted(Box<Previous>),
    /// One that is to run in the shadow of another, and begins with a copy of its state.
    Shadow { of: PackId, candidate: Box<Candidate>, comparison: Arc<Comparison> },
}

impl Newcomer {
    pub(crate) fn description(&self) -> &Arc<Description> {
        match self {
            Self::Candidate(candidate) | Self::Shadow { candidate, .. } => &candidate.description,
            Self::Previous(previous) | Self::Promoted(previous) => &previous.description,
        }
    }
}

/// What a worker says of one of them: what it took over, with the version before; or why it is refused.
pub(crate) type Said = (PackId, Result<(Handover, Option<Previous>), Refusal>);

/// One of the packs, as a worker gets it.
pub(crate) struct Member {
    pub(crate) pack: PackId,
    pub(crate) newcomer: Newcomer,
    pub(crate) meter: Arc<Meter>,
    pub(crate) mailbox: Arc<Mailbox>,
}

/// Those of one worker. They do not wait behind its jobs: a reload takes as long as the batch that is being judged, however many
/// wait. Only where a rule goes from one pack to another they do, so that all threads are at the same batch: each event is judged by
/// the one or by the other.
pub(crate) struct Install {
    pub(crate) members: Vec<Member>,
    /// Packs that end with that, where it is done in order.
    pub(crate) gone: Vec<PackId>,
    pub(crate) ballot: Ballot,
    pub(crate) last: Last,
    /// What came of each; where one was refused, of that one alone.
    pub(crate) report: Sender<Said>,
}

/// The number of the last batch that was routed without them. Not known before they are in place: until then it is any.
#[derive(Clone, Debug)]
pub(crate) struct Last(Arc<AtomicU64>);

impl Default for Last {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(u64::MAX)))
    }
}

impl Last {
    pub(crate) fn set(&self, number: u64) {
        self.0.store(number, Ordering::Release);
    }

    /// Whether a batch was routed without them.
    pub(crate) fn is_before(&self, batch: u64) -> bool {
        self.0.load(Ordering::Acquire) < batch
    }
}

/// One of the packs, as the engine knows it.
pub(crate) struct Known {
    pub(crate) pack: PackId,
    pub(crate) path: PathBuf,
    pub(crate) description: Arc<Description>,
    pub(crate) worker: usize,
    pub(crate) meter: Arc<Meter>,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) shadow: Option<Shadow>,
}

/// What is under way.
pub(crate) struct Exchange {
    /// In the order in which they were given.
    pub(crate) known: Vec<Known>,
    pub(crate) remove: Vec<PathBuf>,
    /// Packs whose shadows end with that.
    pub(crate) unshadow: Vec<PackId>,
    /// Packs that go back to the version before.
    pub(crate) back: Vec<PackId>,
    /// Where all are in place, and events go to those before until there is a plan for them.
    pub(crate) planned: Option<Planned>,
    pub(crate) last: Last,
    reports: Receiver<Said>,
    handovers: BTreeMap<PackId, Handover>,
    /// The versions that were replaced.
    pub(crate) previous: BTreeMap<PackId, Previous>,
    refused: Option<(PackId, Refusal)>,
    pub(crate) reply: Sender<Outcome>,
}

/// Workers run the new ones.
pub(crate) struct Planned {
    pub(crate) handovers: Vec<Handover>,
    /// Those that end.
    pub(crate) gone: Vec<PackId>,
    pub(crate) plan: Receiver<Plan>,
}

/// How far it is.
pub(crate) enum Progress {
    UnderWay,
    Done(Vec<Handover>),
    Refused(PathBuf, Refusal),
}

impl Exchange {
    /// With where workers report.
    pub(crate) fn new(known: Vec<Known>, remove: Vec<PathBuf>, reply: Sender<Outcome>) -> (Self, Sender<Said>) {
        let (report, reports) = channel();
        let (last, handovers, previous) = Default::default();
        let (unshadow, back, planned) = Default::default();
        (
            Self { known, remove, unshadow, back, planned, last, reports, handovers, previous, refused: None, reply },
            report,
        )
    }

    /// Whether a worker takes part.
    pub(crate) fn concerns(&self, worker: usize) -> bool {
        self.known.iter().any(|known| known.worker == worker)
    }

    /// Looks how far it is.
    pub(crate) fn look(&mut self) -> Progress {
        loop {
            match self.reports.try_recv() {
                Ok((pack, Ok((handover, previous)))) => {
                    self.handovers.insert(pack, handover);
                    self.previous.extend(previous.map(|previous| (pack, previous)));
                }
                Ok((pack, Err(refusal))) => self.refused = Some((pack, refusal)),
                Err(TryRecvError::Empty) => return Progress::UnderWay,
                // All workers have said what they had to say.
                Err(TryRecvError::Disconnected) => break,
            }
        }
        let path = |pack: PackId| self.known.iter().find(|known| known.pack == pack).map(|known| known.path.clone());
        if let Some((pack, refusal)) = self.refused.take() {
            return Progress::Refused(path(pack).unwrap_or_default(), refusal);
        }
        let handovers = self.known.iter().map(|known| self.handovers.remove(&known.pack));
        match handovers.collect::<Option<Vec<_>>>() {
            Some(handovers) => Progress::Done(handovers),
            None => {
                let gone = super::WorkerGone.to_string();
                let path = self.known.first().map(|known| known.path.clone()).unwrap_or_default();
                Progress::Refused(path, Refusal::Call { call: "its start", reason: gone })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_do_it_or_none() {
        for (can, expected) in [([true; 4], true), ([true, true, false, true], false)] {
            let agreement = Arc::new(Agreement::new(can.len()));
            let reached = std::thread::scope(|scope| {
                let agreement = &agreement;
                let threads = can.map(|can| scope.spawn(move || Ballot::new(agreement).cast(can)));
                threads.map(|thread| thread.join().expect("it ended"))
            });
            assert_eq!(reached, [expected; 4]);
        }
    }

    #[test]
    fn who_goes_without_a_word_cannot() {
        let agreement = Arc::new(Agreement::new(2));
        let [stays, goes] = [0, 1].map(|_| Ballot::new(&agreement));
        drop(goes);
        assert!(!stays.cast(true));
    }
}
