//! Takes verdicts from the engine to the sinks, and says what went wrong in packs.

use std::sync::mpsc::{Receiver, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use super::finding::{Finding, findings};
use super::{Sink, SinkError};
use crate::engine::{Answer, Verdict};

/// The thread that delivers.
pub struct Delivery {
    thread: JoinHandle<Result<u64, SinkError>>,
}

impl Delivery {
    /// Delivers all verdicts to all sinks; each finding also goes to `watcher`, after it was written, where there is
    /// one.
    ///
    /// # Errors
    /// No thread can be had.
    pub fn start(
        verdicts: Receiver<Verdict>,
        sinks: Vec<Box<dyn Sink>>,
        watcher: Option<Sender<Finding>>,
    ) -> std::io::Result<Self> {
        let thread = std::thread::Builder::new()
            .name("lanner-sinks".into())
            .spawn(move || deliver(&verdicts, sinks, watcher.as_ref()))?;
        Ok(Self { thread })
    }

    /// Whether it has ended: a sink failed, or the engine is gone.
    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits until the engine is gone and all is written. Gives how many findings there were.
    ///
    /// # Errors
    /// A sink failed.
    pub fn finish(self) -> Result<u64, SinkError> {
        self.thread.join().unwrap_or_else(|_| Err(SinkError(std::io::Error::other("the delivering thread panicked"))))
    }
}

fn deliver(
    verdicts: &Receiver<Verdict>,
    mut sinks: Vec<Box<dyn Sink>>,
    watcher: Option<&Sender<Finding>>,
) -> Result<u64, SinkError> {
    let mut count = 0;
    for verdict in verdicts {
        let mut all = Vec::new();
        for mut answer in verdict.answers() {
            all.append(&mut findings(&mut answer, verdict.events(), verdict.now_ns));
            report(&answer);
        }
        // In the order of the events, so that it does not matter how they were cut into batches; of one event, in the
        // order of the packs.
        all.sort_by_key(|finding| finding.event_seqs.last().copied().unwrap_or(u64::MAX));
        if all.is_empty() {
            continue;
        }
        count += all.len() as u64;
        for sink in &mut sinks {
            for finding in &all {
                sink.write(finding)?;
            }
            sink.flush()?;
        }
        if let Some(watcher) = watcher {
            for finding in all {
                // The watcher may have seen enough.
                let _ = watcher.send(finding);
            }
        }
    }
    Ok(count)
}

/// Says what went wrong.
fn report(answer: &Answer) {
    let pack = &answer.description.name;
    if answer.gave.dropped > 0 {
        tracing::warn!("pack {pack} raised too many findings in one call; {} were left out", answer.gave.dropped);
    }
    if let Some(failure) = &answer.gave.failure {
        let rest = Duration::from_nanos(answer.rest_ns);
        tracing::error!("pack {pack} {failure}; it rests {rest:?}, the other packs go on");
    }
}
