//! Takes findings to the sinks, each on a thread and with a queue of its own: what one of them does is nobody else's affair.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use lanner_finding::Finding;

use super::look::Look;
use super::queue::{Behind, Queue, Task};
use super::standings::{Progress, Standings};
use super::{Sink, SinkError};

/// How often it is looked whether the sinks take what waits for them.
const LOOK: Duration = Duration::from_secs(1);
/// Findings that are written at once. After each such portion it is known how far a sink is.
const PORTION: usize = 64;
/// What does not go for now is tried again after this, and then after twice as long each time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A sink, and what it is called.
pub type Named = (String, Box<dyn Sink>);

/// The threads that deliver.
pub struct Delivery {
    bringing: JoinHandle<()>,
    writing: Vec<JoinHandle<()>>,
    standings: Standings,
    failure: Arc<Mutex<Option<SinkError>>>,
    /// Ends the one that looks on, when it is dropped.
    looking: (Sender<()>, JoinHandle<()>),
}

/// What was delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Findings there were.
    pub findings: u64,
    /// Findings that some sink did not take in time, and that were left out for it.
    pub left_out: u64,
}

impl Delivery {
    /// Delivers all findings, which come in groups, to all sinks; each also goes to `watcher`, whatever the sinks do with it,
    /// where there is one.
    ///
    /// # Errors
    /// No thread can be had.
    pub fn start(
        findings: impl Iterator<Item = Vec<Finding>> + Send + 'static,
        sinks: Vec<Named>,
        behind: Behind,
        watcher: Option<Sender<Finding>>,
    ) -> std::io::Result<Self> {
        let (names, sinks): (Vec<_>, Vec<_>) = sinks.into_iter().unzip();
        let queues = names.into_iter().zip(&sinks).map(|(name, sink)| (name, Queue::new(sink.is_place())));
        let queues: Arc<[(String, Queue)]> = queues.collect();
        let failure = Arc::<Mutex<Option<SinkError>>>::default();
        let mut writing = Vec::new();
        for (number, sink) in sinks.into_iter().enumerate() {
            let (queues, failure) = (queues.clone(), failure.clone());
            let write = move || {
                let (name, queue) = &queues[number];
                if let Err(error) = write_all(queue, sink, behind) {
                    queue.fail();
                    if has_failed(&queues, behind) {
                        failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                    } else {
                        tracing::error!("{name} takes no findings any more ({error}); the other sinks go on");
                    }
                }
            };
            writing.push(std::thread::Builder::new().name(format!("lanner-sink-{number}")).spawn(write)?);
        }
        let found = Arc::<AtomicU64>::default();
        let (brought, counted) = (queues.clone(), found.clone());
        let bringing = std::thread::Builder::new()
            .name("lanner-findings".into())
            .spawn(move || bring(findings, &brought, behind, watcher.as_ref(), &counted))?;
        let looked_at = queues.clone();
        let (stop, stopped) = channel::<()>();
        let look = move || {
            let mut looks = vec![Look::default(); looked_at.len()];
            while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                for ((name, queue), look) in
                    looked_at.iter().zip(&mut looks).filter(|((_, queue), _)| !queue.has_failed())
                {
                    look.report(name, &queue.standing(), behind);
                }
            }
        };
        let looking = (stop, std::thread::Builder::new().name("lanner-sinks".into()).spawn(look)?);
        Ok(Self { bringing, writing, standings: Standings { queues, found }, failure, looking })
    }

    /// Whether it has ended: it failed, or no more findings come and all are written.
    pub fn is_finished(&self) -> bool {
        let written = || self.writing.iter().all(JoinHandle::is_finished);
        let failed = || self.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        failed() || (self.bringing.is_finished() && written())
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        self.standings.progress()
    }

    /// How it stands, for others to look at.
    pub fn standings(&self) -> Standings {
        self.standings.clone()
    }

    /// Has all sinks let go of what they have open, and open it anew.
    pub fn reopen(&self) {
        self.standings.queues.iter().for_each(|(_, queue)| queue.ask_to_reopen());
    }

    /// Waits until no more findings come and all are written.
    ///
    /// # Errors
    /// No sink is left that takes findings, or, where they are waited for, one of them does not.
    pub fn finish(self) -> Result<Delivered, SinkError> {
        let panicked = || SinkError::Ended(std::io::Error::other("a delivering thread panicked"));
        self.bringing.join().map_err(|_| panicked())?;
        for thread in self.writing {
            thread.join().map_err(|_| panicked())?;
        }
        let (stop, looking) = self.looking;
        drop(stop);
        looking.join().map_err(|_| panicked())?;
        if let Some(error) = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(error);
        }
        let Progress { findings, left_out, .. } = self.standings.progress();
        Ok(Delivered { findings, left_out })
    }
}

/// Whether there is nothing more to deliver to: where sinks are waited for, all of them are to have everything; otherwise
/// one that is left goes on for itself.
fn has_failed(queues: &[(String, Queue)], behind: Behind) -> bool {
    match behind {
        Behind::Wait => queues.iter().any(|(_, queue)| queue.has_failed()),
        Behind::LeaveOut => {
            let mut places = queues.iter().filter(|(_, queue)| queue.is_place()).peekable();
            places.peek().is_some() && places.all(|(_, queue)| queue.has_failed())
        }
    }
}

/// Brings findings to all queues, and counts them, until none come any more or there is nobody left to bring them to.
fn bring(
    findings: impl Iterator<Item = Vec<Finding>>,
    queues: &[(String, Queue)],
    behind: Behind,
    watcher: Option<&Sender<Finding>>,
    count: &AtomicU64,
) {
    for group in findings {
        // Also where nothing was found: what failed is seen at the next batch or tick.
        if has_failed(queues, behind) {
            break;
        }
        if group.is_empty() {
            continue;
        }
        count.fetch_add(group.len() as u64, Ordering::Relaxed);
        if let Some(watcher) = watcher {
            for finding in &group {
                // The watcher may have seen enough.
                let _ = watcher.send(finding.clone());
            }
        }
        let group: Arc<[Finding]> = group.into();
        // To all of them, also where one has failed.
        queues.iter().for_each(|(_, queue)| queue.push(&group, behind));
    }
    queues.iter().for_each(|(_, queue)| queue.close());
}

/// Writes all that comes to a sink.
fn write_all(queue: &Queue, mut sink: Box<dyn Sink>, behind: Behind) -> Result<(), SinkError> {
    while let Some(task) = queue.pop() {
        let group = match task {
            Task::Reopen => {
                sink.reopen();
                flush(queue, &mut *sink, behind)?;
                continue;
            }
            Task::Write(group) => group,
        };
        for portion in group.chunks(PORTION) {
            portion.iter().for_each(|finding| sink.write(finding));
            flush(queue, &mut *sink, behind)?;
            queue.wrote(portion.len());
        }
        queue.wrote_group(&group);
    }
    Ok(())
}

/// Brings out what a sink holds; again and again where that fails for now.
fn flush(queue: &Queue, sink: &mut dyn Sink, behind: Behind) -> Result<(), SinkError> {
    let mut pause = FIRST_PAUSE;
    loop {
        match sink.flush() {
            Ok(()) => {
                queue.set_trouble(None);
                return Ok(());
            }
            Err(SinkError::Now(error)) if behind == Behind::LeaveOut || error.kind() == ErrorKind::WouldBlock => {
                // That nobody reads for now is no more than what any reader does.
                queue.set_trouble((error.kind() != ErrorKind::WouldBlock).then(|| error.to_string()));
                if queue.wait_to_reopen(pause) {
                    sink.reopen();
                }
                pause = LONGEST_PAUSE.min(pause * 2);
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
