//! What a sink has done, and what it is asked for.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lanner_spool::Stop;

#[derive(Default)]
pub(super) struct Counters {
    sent: AtomicU64,
    retried: AtomicU64,
    rejected: AtomicU64,
    kept_back: AtomicU64,
    held: AtomicU64,
    failed: AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Why it takes nothing for now.
    trouble: Option<String>,
    reopen: bool,
}

impl Counters {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(super) fn retried(&self) -> u64 {
        self.retried.load(Ordering::Relaxed)
    }

    pub(super) fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    pub(super) fn trouble(&self) -> Option<String> {
        self.state().trouble.clone()
    }

    pub(super) fn add_sent(&self, findings: usize) {
        self.sent.fetch_add(findings as u64, Ordering::Relaxed);
    }

    pub(super) fn add_retried(&self, findings: usize) {
        self.retried.fetch_add(findings as u64, Ordering::Relaxed);
    }

    pub(super) fn kept_back(&self) -> u64 {
        self.kept_back.load(Ordering::Relaxed)
    }

    pub(super) fn add_kept_back(&self, findings: usize) {
        self.kept_back.fetch_add(findings as u64, Ordering::Relaxed);
    }

    /// Records that were taken out of the spool and are not done with, as a route holds some of them.
    pub(super) fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    pub(super) fn set_held(&self, records: u64) {
        self.held.store(records, Ordering::Relaxed);
    }

    /// Whether its thread has ended before its time.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    pub(super) fn fail(&self, why: &str) {
        self.failed.store(true, Ordering::Relaxed);
        self.set_trouble(Some(why.to_owned()));
    }

    /// Gives how many there are now.
    pub(super) fn add_rejected(&self) -> u64 {
        self.rejected.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn set_trouble(&self, trouble: Option<String>) {
        self.state().trouble = trouble;
    }

    pub(super) fn ask_to_reopen(&self) {
        self.state().reopen = true;
        self.changed.notify_all();
    }

    /// Whether it was asked to reopen since.
    pub(super) fn is_to_reopen(&self) -> bool {
        std::mem::take(&mut self.state().reopen)
    }

    pub(super) fn wake(&self) {
        drop(self.state());
        self.changed.notify_all();
    }

    /// Waits so long, or until it is asked to reopen or to stop.
    pub(super) fn pause(&self, pause: Duration, stop: &Stop) {
        let goes_on = |state: &mut State| !state.reopen && !stop.load(Ordering::Relaxed);
        let waited = self.changed.wait_timeout_while(self.state(), pause, goes_on);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}
