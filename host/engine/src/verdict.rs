//! What packs gave, on its way out of the engine.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Weak};

use lanner_enrich::Event;

use super::PackId;
use super::batch::Batch;
use super::description::Description;
use super::instance::Gave;

/// Verdicts that may wait for the sinks; beyond it judging a recorded stream waits for them.
pub(crate) const VERDICTS: usize = 64;
/// Bytes of what packs gave on a live stream that may wait; what comes beyond is left out.
const BACKLOG: usize = 64 << 20;

/// What one pack gave on one batch or tick.
pub struct Answer {
    /// Which.
    pub pack: PackId,
    /// What it says of itself.
    pub description: Arc<Description>,
    /// What it gave.
    pub gave: Gave,
}

/// What packs gave on a batch or tick. Of a recorded stream that of all packs, in the order of the batches; of a live one
/// that of one pack, as it comes, so that no pack waits for another.
pub struct Verdict {
    /// The time of the newest event, or of the tick, ns since 1970 (UTC).
    pub now_ns: u64,
    /// None for a tick.
    batch: Option<Arc<Batch>>,
    answers: Answers,
}

enum Answers {
    /// Of all packs; it may still be in the making.
    Awaited(Receiver<Answer>),
    /// None, or of one pack. Its bytes count for the backlog until it is dropped.
    Here { answer: Option<Box<Answer>>, _held: Held },
}

/// Verdicts, as they come out of an engine.
pub struct Verdicts {
    receiver: crossbeam_channel::Receiver<Verdict>,
    /// The engine sees by it whether anybody still takes verdicts.
    _listener: Arc<()>,
}

impl Verdicts {
    /// Waits for the next one; None when the engine is gone.
    pub fn next(&self) -> Option<Verdict> {
        self.receiver.recv().ok()
    }
}

impl Verdict {
    /// A verdict on these events, with what packs send as answers: where no engine stands behind it.
    pub fn new(now_ns: u64, events: Vec<Event>, answers: Receiver<Answer>) -> Self {
        Self { now_ns, batch: Some(Arc::new(Batch::new(1, events))), answers: Answers::Awaited(answers) }
    }

    /// The batch; empty for a tick.
    pub fn events(&self) -> &[Event] {
        self.batch.as_ref().map_or(&[], |batch| &batch.events)
    }

    /// Whether the batch comes by for the first time.
    pub fn is_first(&self) -> bool {
        !matches!(self.answers, Answers::Here { answer: Some(_), .. })
    }

    /// Waits until all packs are done that it is about, and gives what they said in the order in which they were loaded: the
    /// same for the same batch, however the threads ran.
    pub fn answers(&mut self) -> Vec<Answer> {
        match &mut self.answers {
            Answers::Awaited(answers) => {
                let mut answers: Vec<Answer> = answers.iter().collect();
                answers.sort_by_key(|answer| answer.pack);
                answers
            }
            Answers::Here { answer, .. } => answer.take().map(|answer| *answer).into_iter().collect(),
        }
    }
}

/// Where verdicts go.
#[derive(Clone)]
pub(crate) struct Outlet {
    sender: crossbeam_channel::Sender<Verdict>,
    listener: Weak<()>,
    backlog: Arc<AtomicUsize>,
}

/// Bytes of a backlog.
struct Held {
    bytes: usize,
    backlog: Arc<AtomicUsize>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.backlog.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Outlet {
    pub(crate) fn new() -> (Self, Verdicts) {
        // How many may wait is for who sends to see.
        let (sender, receiver) = crossbeam_channel::unbounded();
        let listener = Arc::default();
        let outlet = Self { sender, listener: Arc::downgrade(&listener), backlog: Arc::default() };
        (outlet, Verdicts { receiver, _listener: listener })
    }

    /// Whether anybody takes them.
    pub(crate) fn is_heard(&self) -> bool {
        self.listener.strong_count() > 0
    }

    /// Verdicts that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.sender.len()
    }

    /// A verdict that is complete when the last of those has been dropped that can answer.
    pub(crate) fn awaited(&self, now_ns: u64, batch: Option<Arc<Batch>>, answers: Receiver<Answer>) {
        self.pass_on(Verdict { now_ns, batch, answers: Answers::Awaited(answers) });
    }

    /// A batch comes by, on which packs may answer one by one. Where too much waits, it is not said.
    pub(crate) fn announce(&self, now_ns: u64, batch: &Arc<Batch>) {
        if let Some(held) = self.hold(batch.weight) {
            let answers = Answers::Here { answer: None, _held: held };
            self.pass_on(Verdict { now_ns, batch: Some(batch.clone()), answers });
        }
    }

    /// What one pack gave. Where too much waits its findings are left out, and counted.
    pub(crate) fn one(&self, now_ns: u64, batch: Option<&Arc<Batch>>, mut answer: Answer) {
        let held = self.hold(answer.gave.size()).or_else(|| {
            answer.gave.dropped += answer.gave.findings.len() as u64;
            answer.gave.findings = Vec::new();
            Some(Held { bytes: 0, backlog: self.backlog.clone() })
        });
        if let Some(held) = held {
            let answers = Answers::Here { answer: Some(Box::new(answer)), _held: held };
            self.pass_on(Verdict { now_ns, batch: batch.cloned(), answers });
        }
    }

    fn hold(&self, bytes: usize) -> Option<Held> {
        let before = self.backlog.fetch_add(bytes, Ordering::Relaxed);
        let held = Held { bytes, backlog: self.backlog.clone() };
        (before <= BACKLOG).then_some(held)
    }

    fn pass_on(&self, verdict: Verdict) {
        // Nobody listens any more only when the host ends.
        let _ = self.sender.send(verdict);
    }
}
