//! The ring buffer's reading end.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use aya::maps::{MapData, RingBuf};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::clock::boot_time_ns;
use crate::decode::{Clock, DecodeError, decode};
use crate::event::RawEvent;

/// The wall clock is followed once it has moved by this much: a smaller correction could put events in the wrong order.
const CLOCK_STEP_NS: u64 = 1_000_000;

/// Reads events in the order in which the kernel wrote them.
///
/// The kernel side moderates its wake-ups: it wakes the reader when the ring was empty, and not for what comes while
/// the reader is at work. So the caller's part is:
///
/// 1. call [`next`](Iterator::next) until it gives `None`;
/// 2. if that gave events, sleep for the moderation interval (some milliseconds) and begin again;
/// 3. only if it gave none, [`wait`](Self::wait), with a timeout of a second or less.
///
/// The pause of step 2 makes step 3 safe: an event that was written while the last one was still being read wakes nobody,
/// but the pause lets it be seen. The timeout is a net below that.
pub struct Reader {
    ring: RingBuf<MapData>,
    clock: Clock,
}

impl Reader {
    pub(crate) fn new(ring: RingBuf<MapData>) -> Self {
        Self { ring, clock: Clock { boot_time_ns: boot_time_ns() } }
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
        match poll(&mut [PollFd::from_borrowed_fd(self.ring.as_fd(), PollFlags::IN)], Some(&timeout)) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }
}

/// `None` means that there is nothing for now: more may come later. Never blocks. An error is a record that cannot be
/// decoded, which is a bug; the one after it can be read.
impl Iterator for Reader {
    type Item = Result<RawEvent, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(record) = self.ring.next() else {
            let boot_time_ns = boot_time_ns();
            if boot_time_ns.abs_diff(self.clock.boot_time_ns) > CLOCK_STEP_NS {
                self.clock = Clock { boot_time_ns };
            }
            return None;
        };
        Some(decode(&record, &self.clock))
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
