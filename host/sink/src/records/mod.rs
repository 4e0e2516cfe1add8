//! Sinks that take records: findings as Lanner's JSON, from memory or from a spool. Each has a thread of its own, and what it
//! does not take is tried again; none of them holds up another, or the judging.

mod backoff;
mod bounded;
mod counters;
mod fan;
mod feed;
mod http;
mod open;
mod places;
mod queue;
mod runner;
pub mod settings;
mod sieve;
mod stream;
mod tls;
mod written;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lanner_finding::object::Object;
use lanner_finding::{Finding, Labels};
use lanner_spool::{Entry, Record, Spool, SpoolError};

use crate::route::{RouteError, Routes};
use crate::{Sink, SinkStanding};
use counters::Counters;
use fan::Fan;
use feed::Feed;
use queue::Queue;
use runner::Runner;
use settings::{Policy, Sinks};
use sieve::Sieve;

pub use http::HttpError;
pub use open::OpenError;
pub use places::try_once;

/// How often it is looked whether all is delivered, when it is to end.
const LOOK: Duration = Duration::from_millis(20);
/// How long it may take until what waits for the spool is written.
const CLOSING: Duration = Duration::from_secs(3);

/// Takes records to somewhere.
pub(crate) trait Place: Send {
    /// How many of these it takes at once, from the first on; one goes always.
    fn portion(&self, records: &[Record]) -> usize {
        records.len()
    }

    /// Sends them. The same may come again: not all are known to be taken.
    ///
    /// # Errors
    /// None of them is known to be taken.
    fn send(&mut self, records: &[Record]) -> Result<Answer, Refusal>;

    /// Lets go of what is open, and opens it anew with the next.
    fn reopen(&mut self) {}

    /// Ends what is open, and says what came of it where that is known only then.
    ///
    /// # Errors
    /// It did not go well: a sentence.
    fn end(&mut self) -> Result<(), String> {
        Ok(())
    }
}

/// What became of records that were sent; of those that are not named, that they are taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Never taken, by their place, and why.
    pub(crate) rejected: Vec<(usize, String)>,
    /// Not taken now, by their place.
    pub(crate) later: Vec<usize>,
    /// Why not.
    pub(crate) why: Option<String>,
}

/// Why records are not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// For now; to be tried again not before that time, where it is said.
    Later(String, Option<Duration>),
    /// They are never taken, as they are together.
    Never(String),
}

impl Refusal {
    /// For now, for this reason.
    #[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
    pub(crate) fn later(why: impl ToString) -> Self {
        Self::Later(why.to_string(), None)
    }

    /// Why.
    pub(crate) fn why(&self) -> &str {
        match self {
            Self::Later(why, _) | Self::Never(why) => why,
        }
    }
}

/// The sinks cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// One of them cannot.
    #[error("sink {name}: {error}")]
    Sink {
        /// Which.
        name: String,
        /// Why.
        error: OpenError,
    },
    /// The route of one of them cannot.
    #[error("sink {name}: {error}")]
    Route {
        /// Which.
        name: String,
        /// Why.
        error: RouteError,
    },
    /// The spool cannot.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// No thread can be had.
    #[error("no thread can be had for a sink: {0}")]
    Thread(std::io::Error),
}

/// The sinks, as they run.
pub struct Records {
    running: Vec<Running>,
    stop: Arc<AtomicBool>,
    /// Nothing more comes, and nothing is gathered.
    closing: Arc<AtomicBool>,
    /// Findings that did not even come as far as the sinks.
    left_out: Arc<AtomicU64>,
    spool: Option<Arc<Spool>>,
}

struct Running {
    name: String,
    counters: Arc<Counters>,
    queue: Option<Arc<Queue>>,
    thread: JoinHandle<()>,
}

impl Records {
    /// Opens them, and gives what brings findings of the machine `host` to them.
    ///
    /// # Errors
    /// One of them, or the spool, cannot be used.
    pub fn start(sinks: &Sinks, host: &str, labels: &Labels) -> Result<(Self, Box<dyn Sink>), RecordsError> {
        let opened = sinks.sinks.iter().map(|sink| {
            let failed = |error| RecordsError::Sink { name: sink.name.clone(), error };
            open::open(sink, host).map_err(failed)
        });
        Self::with_places(sinks, opened.collect::<Result<_, _>>()?, (host, labels))
    }

    /// With these places, one for each sink.
    fn with_places(
        sinks: &Sinks,
        places: Vec<Box<dyn Place>>,
        (host, labels): (&str, &Labels),
    ) -> Result<(Self, Box<dyn Sink>), RecordsError> {
        let spooled: Vec<String> =
            sinks.sinks.iter().filter(|sink| sink.policy == Policy::Spool).map(|sink| sink.name.clone()).collect();
        let spool = match spooled.is_empty() {
            true => None,
            false => Some(Arc::new(Spool::open(&sinks.spool.folder, &spooled, sinks.spool.options())?)),
        };
        let (stop, closing) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let (mut running, mut queues) = (Vec::new(), Vec::new());
        for (number, (settings, place)) in sinks.sinks.iter().zip(places).enumerate() {
            let name = settings.name.clone();
            let reader =
                spool.as_ref().filter(|_| settings.policy == Policy::Spool).and_then(|spool| spool.reader(&name));
            let (feed, queue) = match reader {
                Some(reader) => (Feed::Spool(Box::new(reader)), None),
                None => {
                    let queue = Arc::new(Queue::new(&name, settings.policy));
                    queues.push(queue.clone());
                    (Feed::Memory(queue.clone()), Some(queue))
                }
            };
            let counters = Arc::<Counters>::default();
            let routes = settings.route.as_ref().map(Routes::new).transpose();
            let routes = routes.map_err(|error| RecordsError::Route { name: name.clone(), error })?;
            let sieve = Sieve::new(routes, counters.clone());
            let runner = Runner::new(
                &name,
                (settings.batch, settings.gather),
                (feed, sieve),
                place,
                counters.clone(),
                (stop.clone(), closing.clone()),
            );
            let thread = std::thread::Builder::new().name(format!("lanner-out-{number}"));
            let thread = thread.spawn(move || runner.run()).map_err(RecordsError::Thread)?;
            running.push(Running { name, counters, queue, thread });
        }
        let fan = Fan::new((host.to_owned(), labels.clone()), queues, spool.clone());
        let records = Self { running, stop, closing, left_out: Arc::default(), spool };
        Ok((records, Box::new(fan)))
    }

    /// How they stand.
    pub fn standings(&self) -> RecordStandings {
        let sinks = self.running.iter().map(|running| {
            let Running { name, counters, queue, .. } = running;
            (name.clone(), counters.clone(), queue.clone())
        });
        RecordStandings { sinks: sinks.collect(), left_out: self.left_out.clone(), spool: self.spool.clone() }
    }

    /// Has them let go of what they have open, and open it anew.
    pub fn reopen(&self) {
        self.running.iter().for_each(|running| running.counters.ask_to_reopen());
        self.wake();
    }

    /// Waits until all is delivered, but not longer than this, and ends them. No more findings come by then. What is in the
    /// spool stays there; gives how many findings are lost, as they waited in memory alone.
    pub fn finish(self, patience: Duration) -> u64 {
        let end = Instant::now() + patience;
        self.running.iter().filter_map(|running| running.queue.as_ref()).for_each(|queue| queue.close());
        self.closing.store(true, Ordering::Relaxed);
        self.wake();
        let standings = self.standings();
        let waits = || {
            let mut sinks = standings.sinks().into_iter().zip(&self.running);
            // A server that is down is not waited for where nothing is lost by that.
            sinks.any(|(sink, running)| {
                sink.waiting as u64 > running.counters.held() && (running.queue.is_some() || sink.trouble.is_none())
            })
        };
        while Instant::now() < end && waits() {
            std::thread::sleep(LOOK);
        }
        self.stop.store(true, Ordering::Relaxed);
        self.wake();
        // Who is in the middle of something ends with the process: what he sends is sent again, or was lost anyway.
        while Instant::now() < end && !self.running.iter().all(|running| running.thread.is_finished()) {
            std::thread::sleep(LOOK);
        }
        if let Some(spool) = &self.spool
            && !spool.close(CLOSING)
        {
            tracing::error!("what waits was not written to the spool in time");
        }
        let lost = self.running.iter().filter_map(|running| running.queue.as_ref());
        lost.map(|queue| queue.standing().waiting as u64).sum()
    }

    fn wake(&self) {
        self.spool.iter().for_each(|spool| spool.wake());
        self.running.iter().for_each(|running| {
            running.counters.wake();
            running.queue.iter().for_each(|queue| queue.wake());
        });
    }
}

/// A view of the sinks. Cheap to clone.
#[derive(Clone)]
pub struct RecordStandings {
    sinks: Vec<(String, Arc<Counters>, Option<Arc<Queue>>)>,
    left_out: Arc<AtomicU64>,
    spool: Option<Arc<Spool>>,
}

impl RecordStandings {
    /// Each sink, in the order in which they were given.
    pub fn sinks(&self) -> Vec<SinkStanding> {
        let before = self.left_out.load(Ordering::Relaxed);
        let sink = |(name, counters, queue): &(String, Arc<Counters>, Option<Arc<Queue>>)| {
            let spooled = || self.spool.as_ref().and_then(|spool| spool.sink(name)).unwrap_or_default();
            let (waiting, bytes, dropped, oldest_ns) = match queue {
                Some(queue) => {
                    let queue::Standing { waiting, bytes, dropped, oldest_ns } = queue.standing();
                    (waiting, bytes as u64, dropped, oldest_ns)
                }
                None => {
                    let state = spooled();
                    (usize::try_from(state.waiting).unwrap_or(usize::MAX), state.bytes, state.dropped, state.oldest_ns)
                }
            };
            let trouble = counters.trouble().or_else(|| self.spool_trouble().filter(|_| queue.is_none()));
            SinkStanding {
                name: name.clone(),
                written: counters.sent(),
                waiting,
                left_out: dropped + before,
                retried: counters.retried(),
                rejected: counters.rejected(),
                kept_back: counters.kept_back(),
                waiting_bytes: bytes,
                oldest_ns,
                trouble,
                failed: counters.has_failed(),
            }
        };
        self.sinks.iter().map(sink).collect()
    }

    /// What the queue before the sinks had no room for.
    pub fn set_left_out(&self, findings: u64) {
        self.left_out.store(findings, Ordering::Relaxed);
    }

    /// Times that the spool was damaged, and set aside.
    pub fn set_aside(&self) -> u64 {
        self.spool.as_ref().map_or(0, |spool| spool.state().set_aside)
    }

    fn spool_trouble(&self) -> Option<String> {
        let trouble = self.spool.as_ref()?.state().trouble?;
        Some(format!("the spool cannot be written to: {trouble}"))
    }
}

/// A finding as it is kept.
pub(crate) fn entry(finding: &Finding, host: &str, labels: &Labels) -> Entry {
    let written = serde_json::to_vec(&Object::new(finding, host).labelled(&labels.now()));
    debug_assert!(written.is_ok(), "nothing in it has keys that are no text: {written:?}");
    Entry { id: finding.id(), bytes: written.unwrap_or_default().into() }
}

#[cfg(test)]
mod tests;
