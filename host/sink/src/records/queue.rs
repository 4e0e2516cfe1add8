//! Records that wait for one sink in memory, within bounds.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use lanner_spool::{Entry, Record, Stop};

use super::feed::Next;
use super::settings::Policy;

/// Findings that wait at most, and bytes of them.
pub(super) const MAX_FINDINGS: usize = 16_384;
const MAX_BYTES: usize = 64 << 20;
/// How often who waits looks whether he is to stop, should nobody wake him.
const LOOK: Duration = Duration::from_secs(1);

pub(super) struct Queue {
    name: String,
    policy: Policy,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Record>,
    bytes: usize,
    /// What was taken out and is not done yet: findings, bytes of them, and when the first came.
    taken: (usize, usize),
    taken_ns: Option<u64>,
    last: u64,
    dropped: u64,
    /// Of how many that was said.
    said: u64,
    closed: bool,
}

/// How a queue stands.
pub(super) struct Standing {
    pub(super) waiting: usize,
    pub(super) bytes: usize,
    pub(super) dropped: u64,
    pub(super) oldest_ns: Option<u64>,
}

impl Queue {
    pub(super) fn new(name: &str, policy: Policy) -> Self {
        Self { name: name.to_owned(), policy, state: Mutex::default(), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings these; what there is no room for is left out, and counted.
    pub(super) fn push(&self, entries: &[Entry]) {
        let time_ns = now();
        let mut state = self.state();
        for Entry { id, bytes } in entries {
            while !state.has_room(bytes.len()) && self.policy != Policy::Block {
                let Some(oldest) = state.waiting.pop_front() else { break };
                state.bytes -= oldest.bytes.len();
                state.dropped += 1;
            }
            if !state.has_room(bytes.len()) && (self.policy == Policy::Block || state.taken.0 >= MAX_FINDINGS) {
                state.dropped += 1;
                continue;
            }
            state.last += 1;
            state.bytes += bytes.len();
            let seq = state.last;
            state.waiting.push_back(Record { seq, time_ns, id: *id, bytes: bytes.clone() });
        }
        let (dropped, waiting) = (state.dropped, state.waiting.len());
        // At first, and again when they are twice as many.
        let say = dropped > 0 && dropped >= state.said * 2;
        if say {
            state.said = dropped;
        }
        drop(state);
        self.changed.notify_all();
        if say {
            let which = if self.policy == Policy::Block { "the newest" } else { "the oldest" };
            tracing::warn!(
                "{} takes findings slower than they come: {dropped} were left out, {which}; {waiting} wait",
                self.name
            );
        }
    }

    /// Waits for what comes next, at most so many and (but for the first) so many bytes, until that time.
    pub(super) fn next(&self, most: usize, most_bytes: usize, stop: &Stop, end: Option<Instant>) -> Next {
        let mut state = self.state();
        loop {
            if stop.load(Ordering::Relaxed) {
                return Next::Ended;
            }
            let (mut records, mut bytes) = (Vec::new(), 0);
            while records.len() < most
                && let Some(next) = state.waiting.front()
                && (records.is_empty() || bytes + next.bytes.len() <= most_bytes)
            {
                bytes += next.bytes.len();
                records.extend(state.waiting.pop_front());
            }
            if let Some(first) = records.first() {
                // They may be more of those that were taken out before.
                state.taken = (state.taken.0 + records.len(), state.taken.1 + bytes);
                state.taken_ns.get_or_insert(first.time_ns);
                return Next::Records(records);
            }
            if state.closed {
                return Next::Ended;
            }
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Next::Time;
            }
            (state, _) = self
                .changed
                .wait_timeout(state, left.unwrap_or(LOOK).min(LOOK))
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What was taken out is done.
    pub(super) fn done(&self) {
        let mut state = self.state();
        state.bytes = state.bytes.saturating_sub(state.taken.1);
        (state.taken, state.taken_ns) = ((0, 0), None);
    }

    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    pub(super) fn wake(&self) {
        drop(self.state());
        self.changed.notify_all();
    }

    pub(super) fn standing(&self) -> Standing {
        let state = self.state();
        let oldest_ns = state.taken_ns.or_else(|| state.waiting.front().map(|record| record.time_ns));
        Standing { waiting: state.waiting.len() + state.taken.0, bytes: state.bytes, dropped: state.dropped, oldest_ns }
    }
}

impl State {
    /// One always has room.
    fn has_room(&self, bytes: usize) -> bool {
        let waiting = self.waiting.len() + self.taken.0;
        waiting == 0 || (waiting < MAX_FINDINGS && self.bytes + bytes <= MAX_BYTES)
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers, with zeros before them for so many bytes.
    fn entries(range: std::ops::Range<usize>, size: usize) -> Vec<Entry> {
        let zeros = "0".repeat(size - 1);
        range.map(|number| Entry { id: [0; 16], bytes: format!("{zeros}{number}").into_bytes().into() }).collect()
    }

    fn numbers(records: &[Record]) -> Vec<usize> {
        records.iter().map(|record| String::from_utf8_lossy(&record.bytes).parse().expect("a number")).collect()
    }

    fn next(queue: &Queue, most: usize, most_bytes: usize) -> Vec<Record> {
        match queue.next(most, most_bytes, &Stop::default(), None) {
            Next::Records(records) => records,
            other => panic!("nothing waits: {other:?}"),
        }
    }

    #[test]
    fn who_waits_until_a_time_waits_no_longer() {
        let queue = Queue::new("any", Policy::Block);
        assert_eq!(queue.next(9, 50, &Stop::default(), Some(Instant::now())), Next::Time);
        queue.push(&entries(0..1, 1));
        assert_eq!(numbers(&next(&queue, 9, 50)), [0]);
    }

    #[test]
    fn beyond_what_fits_the_oldest_or_the_newest_are_left_out_and_counted() {
        let keeps = |policy| {
            let queue = Queue::new("any", policy);
            queue.push(&entries(0..MAX_FINDINGS + 3, 1));
            assert_eq!((queue.standing().waiting, queue.standing().dropped), (MAX_FINDINGS, 3), "{policy:?}");
            let kept = next(&queue, usize::MAX, usize::MAX);
            assert_eq!(queue.standing().waiting, MAX_FINDINGS, "what is under way waits still");
            // There is no room beside what is under way.
            queue.push(&entries(0..2, 1));
            assert_eq!((queue.standing().waiting, queue.standing().dropped), (MAX_FINDINGS, 5), "{policy:?}");
            queue.done();
            assert_eq!((queue.standing().waiting, queue.standing().bytes), (0, 0));
            numbers(&kept)
        };
        assert_eq!(keeps(Policy::Block), (0..MAX_FINDINGS).collect::<Vec<_>>());
        assert_eq!(keeps(Policy::DropOldest), (3..MAX_FINDINGS + 3).collect::<Vec<_>>());
    }

    #[test]
    fn bytes_are_bounded_and_a_long_one_still_goes() {
        let queue = Queue::new("any", Policy::DropOldest);
        queue.push(&entries(0..1, MAX_BYTES + 1));
        assert_eq!((queue.standing().waiting, queue.standing().dropped), (1, 0));
        queue.push(&entries(1..3, 10));
        assert_eq!((queue.standing().waiting, queue.standing().dropped, queue.standing().bytes), (2, 1, 20));
        assert_eq!(numbers(&next(&queue, 9, 5)), [1], "the first goes, however long it is");
        queue.done();
        queue.close();
        assert_eq!(numbers(&next(&queue, 9, 50)), [2], "what waits is still given");
        queue.done();
        assert_eq!(queue.next(9, 50, &Stop::default(), None), Next::Ended);
    }
}
