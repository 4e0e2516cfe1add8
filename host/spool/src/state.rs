//! What those who bring, write and read findings share: what is not written yet, and how far everybody is.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::database::Gone;
use crate::{Entry, Options, Portion, Record, Stop};

/// Findings that are written at once, and bytes of them: after each such portion it is known that they are kept.
pub(crate) const PORTION: usize = 1024;
const PORTION_BYTES: usize = 4 << 20;
/// How often a reader that waits looks whether it is to stop, should nobody wake it.
const LOOK: Duration = Duration::from_secs(1);

/// How a sink of a spool stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SinkState {
    /// What it is called.
    pub name: String,
    /// It has, or does without, all up to this number.
    pub cursor: u64,
    /// Findings that wait for it, and bytes of them.
    pub waiting: u64,
    /// Likewise.
    pub bytes: u64,
    /// Findings that were dropped for it, as there was no room, they were too old, or the database was damaged.
    pub dropped: u64,
    /// When the oldest that waits was taken, ns since 1970 (UTC), where that is known.
    pub oldest_ns: Option<u64>,
}

/// How a spool stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpoolState {
    /// Findings that wait to be written.
    pub unwritten: usize,
    /// Why nothing can be written for now.
    pub trouble: Option<String>,
    /// Times that the database was damaged, and set aside.
    pub set_aside: u64,
}

/// Shared by all that use a spool.
pub(crate) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    memory_records: usize,
    memory_bytes: usize,
    now: fn() -> u64,
}

struct State {
    /// Not written yet, in order, and bytes of them.
    waiting: VecDeque<Record>,
    waiting_bytes: usize,
    next_seq: u64,
    /// All up to this number is on disk, unless everybody had it before.
    kept: u64,
    /// Grows when another database takes the place of a damaged one.
    generation: u64,
    sinks: Vec<SinkState>,
    /// How far sinks are is not on disk yet.
    moved: bool,
    /// A reader found the database damaged, and says how.
    damaged: Option<String>,
    closing: bool,
    /// The writer has ended.
    ended: bool,
    spool: SpoolState,
}

/// What there is to write.
pub(crate) struct Work {
    pub(crate) records: Vec<Record>,
    /// How far each sink is.
    pub(crate) cursors: Vec<(String, u64)>,
    /// The database is damaged.
    pub(crate) damaged: Option<String>,
    /// No more comes than what waits.
    pub(crate) closing: bool,
}

/// What a reader gets next.
pub(crate) enum Next {
    /// These, from memory.
    Records(Vec<Record>),
    /// What is in the database of this generation, after where it is and up to this number.
    OnDisk(u64, u64),
    /// It is to stop.
    Stopped,
}

impl Shared {
    pub(crate) fn new(options: &Options, sinks: Vec<SinkState>, last: u64, set_aside: u64) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            next_seq: last + 1,
            kept: last,
            generation: 0,
            sinks,
            moved: false,
            damaged: None,
            closing: false,
            ended: false,
            spool: SpoolState { set_aside, ..SpoolState::default() },
        };
        let Options { memory_records, memory_bytes, now, .. } = *options;
        Self { state: Mutex::new(state), changed: Condvar::new(), memory_records, memory_bytes, now }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked in between: each change leaves the numbers whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.state().sinks.iter().position(|sink| sink.name == name)
    }

    pub(crate) fn sink(&self, number: usize) -> SinkState {
        self.state().sinks.get(number).cloned().unwrap_or_default()
    }

    pub(crate) fn spool(&self) -> SpoolState {
        let state = self.state();
        SpoolState { unwritten: state.waiting.len(), ..state.spool.clone() }
    }

    pub(crate) fn append(&self, entries: impl IntoIterator<Item = Entry>) -> u64 {
        let mut state = self.state();
        let time_ns = (self.now)();
        for Entry { id, bytes } in entries {
            let size = bytes.len();
            let full = state.waiting.len() >= self.memory_records || state.waiting_bytes + size > self.memory_bytes;
            if full && !state.waiting.is_empty() {
                state.sinks.iter_mut().for_each(|sink| sink.dropped += 1);
                continue;
            }
            let seq = state.next_seq;
            state.next_seq += 1;
            state.waiting_bytes += size;
            state.waiting.push_back(Record { seq, time_ns, id, bytes });
            for sink in &mut state.sinks {
                sink.waiting += 1;
                sink.bytes += size as u64;
                sink.oldest_ns.get_or_insert(time_ns);
            }
        }
        self.changed.notify_all();
        state.next_seq - 1
    }

    pub(crate) fn wait_until_kept(&self, seq: u64, patience: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.state(), patience, |state| state.kept < seq);
        waited.unwrap_or_else(PoisonError::into_inner).0.kept >= seq
    }

    pub(crate) fn wake(&self) {
        // Who looked at the flag before it was set, and does not wait yet, has the lock.
        drop(self.state());
        self.changed.notify_all();
    }

    /// Has the writer end when all is written, and waits for that; says whether it has, after this time.
    pub(crate) fn close(&self, patience: Duration) -> bool {
        self.state().closing = true;
        self.changed.notify_all();
        let waited = self.changed.wait_timeout_while(self.state(), patience, |state| !state.ended);
        waited.unwrap_or_else(PoisonError::into_inner).0.ended
    }

    /// The writer has ended.
    pub(crate) fn ended(&self) {
        self.state().ended = true;
        self.changed.notify_all();
    }

    /// Waits for something to write, but not longer than this; gives so many findings at most.
    pub(crate) fn work(&self, patience: Duration, portion: usize) -> Work {
        let idle =
            |state: &mut State| state.waiting.is_empty() && !state.moved && state.damaged.is_none() && !state.closing;
        let waited = self.changed.wait_timeout_while(self.state(), patience, idle);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.forget_delivered();
        let mut bytes = 0;
        let fits = |record: &&Record| {
            bytes += record.bytes.len();
            bytes <= PORTION_BYTES
        };
        let mut records: Vec<Record> = state.waiting.iter().take(portion).take_while(fits).cloned().collect();
        if records.is_empty() {
            records.extend(state.waiting.front().cloned());
        }
        state.moved = false;
        let cursors = state.sinks.iter().map(|sink| (sink.name.clone(), sink.cursor)).collect();
        let closing = state.closing && records.len() == state.waiting.len();
        Work { records, cursors, damaged: state.damaged.take(), closing }
    }

    /// The work is done.
    pub(crate) fn written(&self, work: &Work) {
        let mut state = self.state();
        if let Some(last) = work.records.last() {
            while state.waiting.front().is_some_and(|record| record.seq <= last.seq) {
                state.pop();
            }
            state.kept = state.kept.max(last.seq);
        }
        state.spool.trouble = None;
        self.changed.notify_all();
    }

    /// The work is not done, and why.
    pub(crate) fn not_written(&self, trouble: String) {
        let mut state = self.state();
        state.moved = true;
        state.spool.trouble = Some(trouble);
    }

    /// Waits so long, or until it is to close.
    pub(crate) fn pause(&self, pause: Duration) {
        let waited = self.changed.wait_timeout_while(self.state(), pause, |state| !state.closing);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// These are not kept any more: gives how many of them some sink did not have.
    pub(crate) fn dropped(&self, gone: &[Gone]) -> usize {
        let Some((last, _)) = gone.last() else { return 0 };
        let mut state = self.state();
        let mut most = 0;
        for sink in &mut state.sinks {
            let missed = gone.iter().filter(|(seq, _)| *seq > sink.cursor);
            let (count, bytes) = missed.fold((0, 0), |(count, bytes), (_, size)| (count + 1, bytes + size));
            sink.dropped += count;
            sink.take(count, bytes);
            sink.cursor = sink.cursor.max(*last);
            most = most.max(usize::try_from(count).unwrap_or(usize::MAX));
        }
        state.moved = true;
        most
    }

    /// Another database took the place of a damaged one: what waited in that is lost. Gives how many findings that were,
    /// for the sink that had the fewest.
    pub(crate) fn begun_anew(&self) -> u64 {
        let mut state = self.state();
        let State { waiting, sinks, .. } = &mut *state;
        let mut most = 0;
        for sink in sinks {
            let left = waiting.iter().filter(|record| record.seq > sink.cursor);
            let (count, bytes) =
                left.fold((0, 0), |(count, bytes), record| (count + 1, bytes + record.bytes.len() as u64));
            let lost = sink.waiting.saturating_sub(count);
            (sink.waiting, sink.bytes) = (count, bytes);
            sink.dropped += lost;
            most = most.max(lost);
        }
        state.kept = state.waiting.front().map_or(state.next_seq - 1, |record| record.seq - 1);
        state.generation += 1;
        state.moved = true;
        state.spool.set_aside += 1;
        self.changed.notify_all();
        most
    }

    /// The database is damaged, as a reader of this generation found.
    pub(crate) fn damaged(&self, generation: u64, why: String) {
        let mut state = self.state();
        if state.generation == generation {
            state.damaged = Some(why);
            self.changed.notify_all();
        }
    }

    /// Waits for a database after that of this generation, or until it is to stop.
    pub(crate) fn wait_for_another(&self, generation: u64, stop: &Stop) {
        let same = |state: &mut State| state.generation == generation && !stop.load(Ordering::Relaxed);
        let waited = self.changed.wait_timeout_while(self.state(), LOOK, same);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Waits for what comes after this number, at most so many and so many bytes, or until it is to stop or that time.
    pub(crate) fn next(&self, after: u64, most: usize, most_bytes: usize, stop: &Stop, end: Option<Instant>) -> Next {
        let mut state = self.state();
        loop {
            if stop.load(Ordering::Relaxed) || end.is_some_and(|end| Instant::now() >= end) {
                return Next::Stopped;
            }
            // What is kept may be on disk; what is not stands in memory, all of it.
            if state.kept > after {
                return Next::OnDisk(state.generation, state.kept);
            }
            let begin = state.waiting.partition_point(|record| record.seq <= after);
            let mut bytes = 0;
            let fits = |record: &&Record| {
                let first = bytes == 0;
                bytes += record.bytes.len();
                first || bytes <= most_bytes
            };
            let records: Vec<Record> = state.waiting.range(begin..).take(most).take_while(fits).cloned().collect();
            if !records.is_empty() {
                return Next::Records(records);
            }
            let patience = end.map_or(LOOK, |end| end.saturating_duration_since(Instant::now()).min(LOOK));
            let waited = self.changed.wait_timeout(state, patience);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A sink has these, and all before them.
    pub(crate) fn acknowledge(&self, number: usize, portion: &Portion) {
        let mut state = self.state();
        let Some(sink) = state.sinks.get_mut(number).filter(|sink| portion.last > sink.cursor) else { return };
        sink.take(portion.count, portion.bytes);
        sink.oldest_ns = (sink.waiting > 0).then_some(portion.time_ns);
        sink.cursor = portion.last;
        state.moved = true;
        self.changed.notify_all();
    }

    /// The oldest that waits for a sink was taken then.
    pub(crate) fn oldest(&self, number: usize, time_ns: u64) {
        if let Some(sink) = self.state().sinks.get_mut(number) {
            sink.oldest_ns = (sink.waiting > 0).then_some(time_ns);
        }
    }
}

impl SinkState {
    fn take(&mut self, count: u64, bytes: u64) {
        self.waiting = self.waiting.saturating_sub(count);
        self.bytes = self.bytes.saturating_sub(bytes);
        if self.waiting == 0 {
            self.oldest_ns = None;
        }
    }
}

impl State {
    fn pop(&mut self) {
        if let Some(record) = self.waiting.pop_front() {
            self.waiting_bytes = self.waiting_bytes.saturating_sub(record.bytes.len());
        }
    }

    /// What every sink has need not be written.
    fn forget_delivered(&mut self) {
        let Some(all) = self.sinks.iter().map(|sink| sink.cursor).min() else { return };
        while self.waiting.front().is_some_and(|record| record.seq <= all) {
            self.kept = self.kept.max(self.waiting.front().map_or(0, |record| record.seq));
            self.pop();
        }
    }
}
