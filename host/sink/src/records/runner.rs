//! The thread of a sink: takes records to their place, again and again until they are taken or never will be.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lanner_spool::{Portion, Record};

use super::backoff::{Backoff, random};
use super::counters::Counters;
use super::feed::{Feed, Next};
use super::sieve::Sieve;
use super::{Answer, Place, Refusal};

/// Bytes of records that are taken out at once, besides what a place has for itself.
const BATCH_BYTES: usize = 8 << 20;

pub(super) struct Runner {
    name: String,
    batch: usize,
    gather: Duration,
    feed: Feed,
    sieve: Sieve,
    place: Box<dyn Place>,
    counters: Arc<Counters>,
    stop: Arc<AtomicBool>,
    /// Nothing more will come, and nothing is to be waited for.
    closing: Arc<AtomicBool>,
    backoff: Backoff,
    /// It was said that it takes nothing.
    said: bool,
    /// Portions that went, but for what the route holds of them or of one before.
    behind: VecDeque<Portion>,
}

/// Says that a sink's thread has panicked: else it would be missed by nobody.
struct Falls {
    name: String,
    counters: Arc<Counters>,
}

impl Drop for Falls {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.counters.fail("its thread has panicked: it takes nothing until the host is restarted");
            tracing::error!("{} has panicked: it takes no findings until the host is restarted", self.name);
        }
    }
}

impl Runner {
    pub(super) fn new(
        name: &str,
        (batch, gather): (usize, Duration),
        (feed, sieve): (Feed, Sieve),
        place: Box<dyn Place>,
        counters: Arc<Counters>,
        (stop, closing): (Arc<AtomicBool>, Arc<AtomicBool>),
    ) -> Self {
        let (name, backoff, said) = (name.to_owned(), Backoff::default(), false);
        Self {
            name,
            batch,
            gather,
            feed,
            sieve,
            place,
            counters,
            stop,
            closing,
            backoff,
            said,
            behind: VecDeque::new(),
        }
    }

    pub(super) fn run(self) {
        let falls = Falls { name: self.name.clone(), counters: self.counters.clone() };
        self.work();
        drop(falls);
    }

    fn work(mut self) {
        loop {
            let next = self.feed.next(self.batch, BATCH_BYTES, &self.stop, self.sieve.next_due());
            let came = match next {
                Next::Records(records) => self.gather(records),
                Next::Time => Vec::new(),
                Next::Ended => break,
            };
            let goes = self.sieve.pass(came.clone());
            if !goes.is_empty() && !self.deliver(goes) {
                // It is to stop: what is spooled comes again with the next start.
                return;
            }
            self.done(&came);
        }
        let rest = self.sieve.finish();
        if rest.is_empty() || self.deliver(rest) {
            self.done(&[]);
        }
    }

    /// Others that come soon after these go with them.
    fn gather(&mut self, mut records: Vec<Record>) -> Vec<Record> {
        let end = Instant::now() + self.gather;
        let size = |records: &[Record]| records.iter().map(|record| record.bytes.len()).sum::<usize>();
        let mut bytes = size(&records);
        while !self.gather.is_zero() && records.len() < self.batch && bytes < BATCH_BYTES {
            match self.feed.next(self.batch - records.len(), BATCH_BYTES - bytes, &self.closing, Some(end)) {
                Next::Records(more) => {
                    bytes += size(&more);
                    records.extend(more);
                }
                Next::Time | Next::Ended => break,
            }
        }
        records
    }

    /// These went, or are held by the route: then what is spooled is not let go before what they become has gone.
    fn done(&mut self, came: &[Record]) {
        if !came.is_empty() {
            self.behind.extend(self.feed.went(came));
        }
        while let Some(first) = self.behind.front()
            && !self.sieve.holds(first.last)
        {
            self.feed.let_go(first);
            self.behind.pop_front();
        }
        self.counters.set_held(self.behind.iter().map(|portion| portion.count).sum());
    }

    /// Whether all are taken or rejected. Not so where it is to stop.
    fn deliver(&mut self, records: Vec<Record>) -> bool {
        // In order; what is to be sent next is the last.
        let mut portions = vec![records];
        while let Some(mut portion) = portions.pop() {
            let count = self.place.portion(&portion).max(1);
            if count < portion.len() {
                portions.push(portion.split_off(count));
            }
            if self.counters.is_to_reopen() {
                self.place.reopen();
            }
            match self.place.send(&portion) {
                Ok(answer) => {
                    let later = self.answered(&portion, answer);
                    if later.is_empty() {
                        self.goes_well();
                    } else {
                        portions.push(later);
                        if !self.wait(None) {
                            return false;
                        }
                    }
                }
                Err(Refusal::Never(why)) => match portion.len() {
                    0 | 1 => {
                        self.reject(&portion, &why);
                        // It is there, and answers.
                        self.goes_well();
                    }
                    // One of them is to blame, or all of them for being too many.
                    length => {
                        let mut first = portion;
                        let second = first.split_off(length / 2);
                        portions.extend([second, first]);
                    }
                },
                Err(Refusal::Later(why, after)) => {
                    self.counters.add_retried(portion.len());
                    self.fails(&why);
                    portions.push(portion);
                    if !self.wait(after) {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// Counts what became of each; gives those that are to be sent again.
    fn answered(&mut self, portion: &[Record], answer: Answer) -> Vec<Record> {
        let Answer { rejected, later, why } = answer;
        let later: Vec<Record> = later.iter().filter_map(|place| portion.get(*place).cloned()).collect();
        self.counters.add_sent(portion.len().saturating_sub(rejected.len() + later.len()));
        for (place, why) in rejected {
            self.reject(portion.get(place..=place).unwrap_or_default(), &why);
        }
        if !later.is_empty() {
            self.counters.add_retried(later.len());
            self.fails(why.as_deref().unwrap_or("it takes some of them later"));
        }
        later
    }

    /// They are never taken. Said at first, and again when they are twice as many.
    fn reject(&self, records: &[Record], why: &str) {
        for record in records {
            let rejected = self.counters.add_rejected();
            if rejected.is_power_of_two() {
                let (name, id) = (&self.name, hex::encode(record.id));
                tracing::warn!(
                    "{name} rejects finding {id}: {why}; {rejected} so far were rejected, and are not sent again"
                );
            }
        }
    }

    fn fails(&mut self, why: &str) {
        self.counters.set_trouble(Some(why.to_owned()));
        if !std::mem::replace(&mut self.said, true) {
            tracing::warn!("{} takes no findings: {why}. They wait, and are sent again", self.name);
        }
    }

    fn goes_well(&mut self) {
        self.backoff.reset();
        self.counters.set_trouble(None);
        if std::mem::take(&mut self.said) {
            tracing::info!("{} takes findings again", self.name);
        }
    }

    /// Waits before the next try; says whether there is to be one.
    fn wait(&mut self, asked: Option<Duration>) -> bool {
        let pause = self.backoff.next(asked, random());
        self.counters.pause(pause, &self.stop);
        !self.stop.load(Ordering::Relaxed)
    }
}
