//! Findings that wait for one sink, within bounds.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lanner_finding::Finding;

/// Findings that wait at most.
pub(crate) const MAX_FINDINGS: usize = 16_384;
/// Bytes of them at most, about.
const MAX_BYTES: usize = 64 << 20;

/// What becomes of findings for which there is no room, as their sink does not take them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// Whoever brings them waits: nothing is left out of a replay.
    Wait,
    /// They are left out, and counted: no sink holds up the judging of a live machine.
    LeaveOut,
}

/// Groups of findings that are on their way to a sink.
pub(crate) struct Queue {
    /// Its sink keeps or shows findings.
    place: bool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    groups: VecDeque<Arc<[Finding]>>,
    /// Findings that are not written yet, those that are being written too, and their bytes.
    waiting: usize,
    bytes: usize,
    written: u64,
    left_out: u64,
    /// What it opened is to be opened anew.
    reopen: bool,
    /// Why its sink does not write for now.
    trouble: Option<String>,
    /// Nothing comes any more.
    closed: bool,
    failed: bool,
}

/// What a sink's thread is to do.
pub(crate) enum Task {
    /// Write these.
    Write(Arc<[Finding]>),
    /// Open anew what is open.
    Reopen,
}

/// How a queue stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) waiting: usize,
    pub(crate) written: u64,
    pub(crate) left_out: u64,
    pub(crate) trouble: Option<String>,
}

impl Queue {
    /// Of a sink that keeps or shows findings, or does not.
    pub(crate) fn new(place: bool) -> Self {
        Self { place, state: Mutex::default(), changed: Condvar::new() }
    }

    pub(crate) fn is_place(&self) -> bool {
        self.place
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What panicked in between was a sink's thread; the numbers are whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings a group. A sink that takes nothing any more is brought nothing.
    pub(crate) fn push(&self, group: &Arc<[Finding]>, behind: Behind) {
        let bytes = bytes(group);
        let mut state = self.state();
        loop {
            if state.failed {
                state.left_out += group.len() as u64;
                return;
            }
            let fits = state.waiting + group.len() <= MAX_FINDINGS && state.bytes + bytes <= MAX_BYTES;
            if fits || state.waiting == 0 {
                state.waiting += group.len();
                state.bytes += bytes;
                state.groups.push_back(group.clone());
                self.changed.notify_all();
                return;
            }
            match behind {
                Behind::Wait => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Behind::LeaveOut => {
                    state.left_out += group.len() as u64;
                    return;
                }
            }
        }
    }

    /// Waits for something to do; nothing where nothing comes any more.
    pub(crate) fn pop(&self) -> Option<Task> {
        let mut state = self.state();
        loop {
            if std::mem::take(&mut state.reopen) {
                return Some(Task::Reopen);
            }
            if let Some(group) = state.groups.pop_front() {
                return Some(Task::Write(group));
            }
            if state.closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// So many more findings are written.
    pub(crate) fn wrote(&self, count: usize) {
        let mut state = self.state();
        state.written += count as u64;
        state.waiting = state.waiting.saturating_sub(count);
    }

    /// The group is written, all of it.
    pub(crate) fn wrote_group(&self, group: &[Finding]) {
        let mut state = self.state();
        state.bytes = state.bytes.saturating_sub(bytes(group));
        self.changed.notify_all();
    }

    /// Why its sink does not write for now.
    pub(crate) fn set_trouble(&self, trouble: Option<String>) {
        self.state().trouble = trouble;
    }

    /// Its sink is to open anew what it has open.
    pub(crate) fn ask_to_reopen(&self) {
        self.state().reopen = true;
        self.changed.notify_all();
    }

    /// Waits so long; says whether it was asked to reopen until then.
    pub(crate) fn wait_to_reopen(&self, pause: Duration) -> bool {
        let asked = self.changed.wait_timeout_while(self.state(), pause, |state| !state.reopen);
        let (mut state, _) = asked.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut state.reopen)
    }

    /// Nothing comes any more.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// Its sink takes nothing any more.
    pub(crate) fn fail(&self) {
        let mut state = self.state();
        state.failed = true;
        // What waited for it is not written any more.
        state.left_out += state.waiting as u64;
        (state.waiting, state.bytes) = (0, 0);
        state.groups.clear();
        drop(state);
        self.changed.notify_all();
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.state().failed
    }

    pub(crate) fn standing(&self) -> Standing {
        let state = self.state();
        let trouble = state.trouble.clone();
        Standing { waiting: state.waiting, written: state.written, left_out: state.left_out, trouble }
    }
}

fn bytes(group: &[Finding]) -> usize {
    group.iter().map(Finding::size).sum()
}
