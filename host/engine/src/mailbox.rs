//! What waits for a pack, in bytes: who cannot keep up loses his own events, and nobody else's.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that may wait for one pack: its frames, and the batches that they were made of, which it keeps from being dropped.
pub(crate) const MAILBOX: usize = 64 << 20;
/// Bytes of batches that may wait for all of them together. Beyond it those get nothing for which something waits.
pub(crate) const BATCHES: usize = 256 << 20;

/// What waits for one pack.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    waiting: AtomicUsize,
}

impl Mailbox {
    /// Takes so many bytes, where there is room; `all` is what waits for all packs.
    pub(crate) fn take(&self, bytes: usize, all: &Held) -> bool {
        let waiting = self.waiting.load(Ordering::Relaxed);
        let full = waiting + bytes > MAILBOX || all.bytes() > BATCHES;
        // What is larger than any mailbox can be taken by an empty one.
        if full && waiting > 0 {
            return false;
        }
        self.waiting.fetch_add(bytes, Ordering::Relaxed);
        true
    }

    /// They were judged.
    pub(crate) fn release(&self, bytes: usize) {
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Bytes that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// Bytes of all batches that somebody still holds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held(Arc<AtomicUsize>);

/// What one batch adds to them, as long as it is there.
#[derive(Debug, Default)]
pub(crate) struct Weight {
    bytes: usize,
    of: Held,
}

impl Held {
    pub(crate) fn hold(&self, bytes: usize) -> Weight {
        self.0.fetch_add(bytes, Ordering::Relaxed);
        Weight { bytes, of: self.clone() }
    }

    /// Whether it is so much that nothing is held that need not be.
    pub(crate) fn is_much(&self) -> bool {
        self.bytes() > BATCHES / 2
    }

    fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Weight {
    fn drop(&mut self) {
        self.of.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_takes_what_there_is_room_for() {
        let (mailbox, all) = (Mailbox::default(), Held::default());
        assert!(mailbox.take(MAILBOX + 1, &all), "something is taken, however large");
        assert!(!mailbox.take(1, &all));
        mailbox.release(MAILBOX + 1);
        assert!(mailbox.take(MAILBOX, &all) && !mailbox.take(1, &all));
        assert_eq!(mailbox.waiting(), MAILBOX);
    }

    #[test]
    fn where_all_hold_too_much_only_those_get_more_for_whom_nothing_waits() {
        let (behind, up_to_date, all) = (Mailbox::default(), Mailbox::default(), Held::default());
        assert!(behind.take(10, &all));
        let weight = all.hold(BATCHES + 1);
        assert!(!behind.take(10, &all) && up_to_date.take(10, &all));
        drop(weight);
        assert!(behind.take(10, &all));
    }
}
