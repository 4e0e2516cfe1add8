//! The reading end of the ring buffers.

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use aya::maps::{MapData, RingBuf};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::clock::{boot_ns, boot_time_ns};
use crate::decode::{Clock, DecodeError, decode};
use crate::event::RawEvent;

/// The wall clock is followed once it has moved by this much: a smaller correction could put events in the wrong order.
const CLOCK_STEP_NS: u64 = 1_000_000;
/// Records that are taken from one ring at a time.
const PORTION: usize = 512;

/// Reads events: of each ring in the order in which the kernel wrote them, of all together by their times, so that a
/// thread's events come in the order of its doings.
///
/// The kernel side moderates its wake-ups: it wakes the reader when a ring was empty, and not for what comes while
/// the reader is at work. So the caller's part is:
///
/// 1. call [`next`](Iterator::next) until it gives `None`;
/// 2. if that gave events, sleep for the moderation interval (some milliseconds) and begin again;
/// 3. only if it gave none, [`wait`](Self::wait), with a timeout of a second or less.
///
/// The pause of step 2 makes step 3 safe: an event that was written while the last one was still being read wakes nobody,
/// but the pause lets it be seen. The timeout is a net below that.
pub struct Reader {
    /// In the order in which they are read.
    rings: Vec<Ring>,
    clock: Clock,
    /// What came out of all rings up to some time, in order.
    ready: VecDeque<Result<RawEvent, DecodeError>>,
}

/// A ring, and what was taken from it and is not yet to be passed on.
struct Ring {
    ring: RingBuf<MapData>,
    taken: VecDeque<Result<RawEvent, DecodeError>>,
}

impl Reader {
    /// That of processes has to be the last: see [`fill`](Self::fill).
    pub(crate) fn new(rings: Vec<RingBuf<MapData>>) -> Self {
        let rings = rings.into_iter().map(|ring| Ring { ring, taken: VecDeque::new() }).collect();
        Self { rings, clock: Clock { boot_time_ns: boot_time_ns() }, ready: VecDeque::new() }
    }

    /// Waits until there is something to read, and tells whether there is.
    ///
    /// # Errors
    /// Those of poll(2); a signal counts as the end of the wait.
    pub fn wait(&self, timeout: Duration) -> io::Result<bool> {
        let timeout = Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: timeout.subsec_nanos().into(),
        };
        let mut rings: Vec<PollFd<'_>> =
            self.rings.iter().map(|ring| PollFd::from_borrowed_fd(ring.ring.as_fd(), PollFlags::IN)).collect();
        match poll(&mut rings, Some(&timeout)) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Takes what there is and passes on what nothing can come before any more. Tells whether there was something.
    ///
    /// A thread that wrote into one ring and then into another has its first record there by the time that its second one is
    /// seen. So what was written before now is whole once each ring was read up to its end; where one was not, only what is
    /// older than the newest that was taken from it. Later ones wait for the next time.
    fn fill(&mut self) -> bool {
        if self.rings.iter().all(|ring| ring.taken.is_empty()) {
            let boot_time_ns = boot_time_ns();
            if boot_time_ns.abs_diff(self.clock.boot_time_ns) > CLOCK_STEP_NS {
                self.clock = Clock { boot_time_ns };
            }
        }
        let mut whole_until = self.clock.boot_time_ns.saturating_add(boot_ns());
        for ring in &mut self.rings {
            whole_until = whole_until.min(ring.take(&self.clock));
        }
        let before = self.ready.len();
        loop {
            let heads = self.rings.iter().enumerate();
            let times = heads.filter_map(|(index, ring)| Some((ring.next_time()?, std::cmp::Reverse(index))));
            // Of the same time, what processes are known by comes first.
            let Some((time_ns, std::cmp::Reverse(index))) = times.min() else { break };
            if time_ns > whole_until {
                break;
            }
            let Some(next) = self.rings.get_mut(index).and_then(|ring| ring.taken.pop_front()) else { break };
            self.ready.push_back(next);
        }
        self.ready.len() > before || self.rings.iter().any(|ring| !ring.taken.is_empty())
    }
}

impl Ring {
    /// Takes up to a portion of what there is, and tells up to which time that is all of it, ns since 1970 (UTC).
    fn take(&mut self, clock: &Clock) -> u64 {
        while self.taken.len() < PORTION {
            let record = self.ring.next().map(|record| decode(&record, clock));
            match record {
                Some(record) => self.taken.push_back(record),
                // A record that is being written stands in the way of those behind it.
                None if self.has_more() => std::thread::yield_now(),
                None => return u64::MAX,
            }
        }
        self.taken.iter().flatten().map(|event| event.time_ns).max().unwrap_or_default()
    }

    /// Whether something stands in the ring, be it still being written.
    fn has_more(&self) -> bool {
        let mut ring = [PollFd::from_borrowed_fd(self.ring.as_fd(), PollFlags::IN)];
        poll(&mut ring, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).is_ok_and(|ready| ready > 0)
    }

    /// The time of what comes next out of it. What could not be decoded has none, and comes at once.
    fn next_time(&self) -> Option<u64> {
        self.taken.front().map(|record| record.as_ref().map_or(0, |event| event.time_ns))
    }
}

/// `None` means that there is nothing for now: more may come later. Never blocks. An error is a record that cannot be
/// decoded, which is a bug; the one after it can be read.
impl Iterator for Reader {
    type Item = Result<RawEvent, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(next) = self.ready.pop_front() {
                return Some(next);
            }
            if !self.fill() {
                return None;
            }
        }
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Reader").field("clock", &self.clock).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    fn is_send<T: Send>() {}

    #[test]
    fn a_reader_may_move_to_another_thread() {
        is_send::<super::Reader>();
    }
}
