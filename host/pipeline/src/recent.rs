//! What came last, in memory: so that what led to a finding can be written down once it is there.

use std::collections::VecDeque;
use std::mem;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lanner_enrich::{Enricher, Snapshot};
use lanner_source::capture::{CaptureError, CaptureWriter, Problem, Progress};
use lanner_source::record::{Machine, Record};

/// Records that are forgotten together, and their bytes at most.
const PORTION: usize = 128;
const PORTION_BYTES: usize = 256 << 10;

/// The last records of a source, within bounds. All clones are the same.
#[derive(Clone)]
pub struct Recent(Arc<Mutex<Kept>>);

struct Kept {
    machine: Machine,
    span_ns: u64,
    most_bytes: usize,
    /// Knows the processes and the containers that were there before what is kept.
    before: Enricher,
    full: VecDeque<Arc<Portion>>,
    filling: Portion,
    /// Of all that is kept.
    bytes: usize,
    /// The time of the newest event.
    newest_ns: u64,
}

/// Records that follow each other.
#[derive(Clone, Default)]
struct Portion {
    /// Counted from 0.
    number: u64,
    records: Vec<Record>,
    bytes: usize,
    /// The time of its first event, and of its last one.
    first_ns: Option<u64>,
    last_ns: u64,
}

/// What came last, at one moment. To take it is cheap; what it holds is shared.
pub struct Excerpt {
    machine: Machine,
    before: Snapshot,
    portions: Vec<Arc<Portion>>,
    /// What comes after a gap.
    after_gap: Option<Box<Excerpt>>,
}

impl Recent {
    /// Keeps the events of so long a time, as far as they take no more than so many bytes.
    pub fn new(machine: &Machine, span: Duration, bytes: usize) -> Self {
        Self(Arc::new(Mutex::new(Kept {
            machine: machine.clone(),
            span_ns: u64::try_from(span.as_nanos()).unwrap_or(u64::MAX),
            most_bytes: bytes,
            before: Enricher::new(machine, None),
            full: VecDeque::new(),
            filling: Portion::default(),
            bytes: 0,
            newest_ns: 0,
        })))
    }

    /// Takes note of a record.
    pub fn push(&self, record: &Record) {
        self.kept().push(record);
    }

    /// What came last, and what was before it.
    pub fn excerpt(&self) -> Excerpt {
        let kept = self.kept();
        let filling = (!kept.filling.records.is_empty()).then(|| Arc::new(kept.filling.clone()));
        Excerpt {
            machine: kept.machine.clone(),
            before: kept.before.snapshot(),
            portions: kept.full.iter().cloned().chain(filling).collect(),
            after_gap: None,
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn push(&mut self, record: &Record) {
        let Record::Event(event) = record else {
            // What is there to begin with is before all that is kept.
            if self.full.is_empty() && self.filling.records.is_empty() {
                self.before.take(record.clone());
            } else {
                self.keep(record);
            }
            return;
        };
        self.newest_ns = event.time_ns;
        self.filling.first_ns.get_or_insert(event.time_ns);
        self.filling.last_ns = event.time_ns;
        self.keep(record);
    }

    fn keep(&mut self, record: &Record) {
        let bytes = size(record);
        self.bytes += bytes;
        self.filling.bytes += bytes;
        self.filling.records.push(record.clone());
        if self.filling.records.len() >= PORTION || self.filling.bytes >= PORTION_BYTES {
            let number = self.filling.number + 1;
            let next = Portion { number, records: Vec::with_capacity(PORTION), ..Portion::default() };
            let full = mem::replace(&mut self.filling, next);
            self.full.push_back(Arc::new(full));
            self.forget();
        }
    }

    /// Forgets what is too old, or too much; what it tells of processes and containers is remembered.
    fn forget(&mut self) {
        while let Some(oldest) = self.full.front()
            && (self.bytes > self.most_bytes || self.newest_ns.saturating_sub(oldest.last_ns) > self.span_ns)
        {
            let Some(portion) = self.full.pop_front() else { break };
            self.bytes -= portion.bytes;
            // Somebody may be writing it down.
            let records =
                Arc::try_unwrap(portion).map_or_else(|shared| shared.records.clone(), |portion| portion.records);
            records.into_iter().filter(lanner_enrich::feeds).for_each(|record| drop(self.before.take(record)));
        }
    }
}

impl Excerpt {
    /// The same with what came later, as a later excerpt of the same has it: what was forgotten in between is left out, and what
    /// it told of processes and containers is told.
    #[must_use]
    pub fn followed_by(mut self, mut later: Self) -> Self {
        let Some(last) = self.portions.last().map(|portion| portion.number) else { return later };
        // Of the last one there may be more by now.
        match later.portions.iter().position(|portion| portion.number == last) {
            Some(place) => {
                self.portions.pop();
                self.portions.extend(later.portions.drain(place..));
            }
            None if later.portions.first().is_some_and(|first| first.number == last + 1) => {
                self.portions.append(&mut later.portions);
            }
            None => self.after_gap = Some(Box::new(later)),
        }
        self
    }

    /// When its first and its last event happened, ns since 1970 (UTC); nothing where there is none.
    pub fn span_ns(&self) -> Option<(u64, u64)> {
        let mut times = self.portions.iter().filter_map(|portion| Some((portion.first_ns?, portion.last_ns)));
        let first = times.next()?;
        let span = times.fold(first, |(from, _), (_, to)| (from, to));
        let later = self.after_gap.as_ref().and_then(|later| later.span_ns());
        Some(later.map_or(span, |(_, to)| (span.0, to)))
    }

    /// Writes it as a capture, into a new file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(self, path: &Path) -> Result<Progress, CaptureError> {
        let mut writer = CaptureWriter::create(path, &self.machine, false)?;
        self.write_into(&mut writer, path)?;
        writer.finish()
    }

    fn write_into(self, writer: &mut CaptureWriter, path: &Path) -> Result<(), CaptureError> {
        let before = self.before.into_records();
        for record in before.iter().chain(self.portions.iter().flat_map(|portion| &portion.records)) {
            match writer.record(record) {
                // One record that cannot be kept is no reason to keep none.
                Err(CaptureError { problem: Problem::Record(problem), .. }) => {
                    tracing::warn!("a record is left out of {}: {problem}", path.display());
                }
                written => written?,
            }
        }
        match self.after_gap {
            Some(later) => later.write_into(writer, path),
            None => Ok(()),
        }
    }
}

/// Bytes that a record takes, about.
fn size(record: &Record) -> usize {
    size_of::<Record>()
        + match record {
            Record::Event(event) => {
                let image = event.image.as_ref().map_or(0, |image| image.len());
                let comm = event.task.as_ref().map_or(0, |task| task.comm.len());
                size_of_val(&**event) + event.payload.len() + image + comm
            }
            Record::Process(process) => size_of_val(&**process) + process.image.len() + process.task.comm.len(),
            Record::Container(container) => size_of_val(&**container) + container.len(),
            Record::Group { path, .. } => path.len(),
            Record::SnapshotEnd { .. } => 0,
        }
}

#[cfg(test)]
mod tests {
    use lanner_abi::{Kind, OwnedRecord, PROCESS, field};
    use lanner_probes::event::{RawEvent, Task};
    use lanner_source::capture::CaptureReader;
    use lanner_source::record::ProcessSnapshot;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn task(pid: u32) -> Task {
        let parent = pid.saturating_sub(1);
        let start_boot_ns = u64::from(pid) * SECOND;
        let parent_start_boot_ns = u64::from(parent) * SECOND;
        Task { pid, tid: pid, start_boot_ns, ppid: parent, parent_start_boot_ns, ..Task::default() }
    }

    fn raw(time_ns: u64, task: Task, kind: Kind) -> RawEvent {
        RawEvent { task: Some(task), ..RawEvent::of_nobody(time_ns, kind, OwnedRecord::new(kind.record())) }
    }

    /// A child of the process before it, which opens something.
    fn child(at: u64, pid: u32) -> [Record; 3] {
        let mut fork = raw(at, task(pid - 1), Kind::Fork);
        fork.payload =
            fork.payload.with(field::fork::CHILD_PID, pid).with(field::fork::CHILD_START, u64::from(pid) * SECOND);
        let exe = OwnedRecord::new(&PROCESS).with(field::process::EXE, &*format!("/bin/{pid}"));
        let exec = RawEvent { image: Some(Box::new(exe)), ..raw(at, task(pid), Kind::Exec) };
        [fork, exec, raw(at, task(pid), Kind::Open)].map(|event| Record::Event(Box::new(event)))
    }

    fn machine() -> Machine {
        Machine { hostname: "here".into(), boot_id: "a boot".into(), ..Machine::default() }
    }

    /// What a capture of it holds: the lineage of each open, the newest first.
    fn opens(recent: &Recent) -> Vec<Vec<String>> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("c.lcap");
        recent.excerpt().write(&path).expect("it is written");
        let mut reader = CaptureReader::open(&path).expect("it is read");
        let mut enricher = Enricher::new(reader.machine(), None);
        let mut opens = Vec::new();
        for record in reader.by_ref() {
            let record = record.expect("it is sound");
            let Some(event) = enricher.take(record).filter(|event| event.kind == Kind::Open) else { continue };
            let process = event.process.expect("somebody did it");
            opens.push(process.line().map(|process| String::from_utf8_lossy(process.name()).into_owned()).collect());
        }
        opens.reverse();
        opens
    }

    fn lineage(pid: u32) -> Vec<String> {
        (2..=pid).rev().map(|pid| pid.to_string()).chain(["init".to_owned()]).collect()
    }

    fn begin(span: Duration, bytes: usize) -> Recent {
        let recent = Recent::new(&machine(), span, bytes);
        let image = OwnedRecord::new(&PROCESS).with(field::process::EXE, "/sbin/init");
        recent.push(&Record::Process(Box::new(ProcessSnapshot { task: task(1), image })));
        recent.push(&Record::SnapshotEnd { boot_ns: SECOND });
        recent
    }

    #[test]
    fn what_is_forgotten_is_still_known_by_those_that_come_of_it() {
        let recent = begin(Duration::from_secs(10), usize::MAX);
        // Fifty generations, one a second.
        for pid in 2..52 {
            child(u64::from(pid) * SECOND, pid).iter().for_each(|record| recent.push(record));
        }
        let (from, to) = recent.excerpt().span_ns().expect("there are events");
        assert_eq!((from, to), (2 * SECOND, 51 * SECOND), "nothing is forgotten before its portion is old");
        // A portion more, of nothing that has to do with them.
        let noise: Vec<Record> =
            (0..PORTION).map(|_| Record::Event(Box::new(raw(62 * SECOND, task(1), Kind::Open)))).collect();
        noise.iter().for_each(|record| recent.push(record));
        for pid in 52..54 {
            child(63 * SECOND, pid).iter().for_each(|record| recent.push(record));
        }
        let (from, to) = recent.excerpt().span_ns().expect("there are events");
        assert!(from > 40 * SECOND && to == 63 * SECOND, "{from} {to}");
        let opens = opens(&recent);
        assert_eq!((&opens[0], &opens[1]), (&lineage(53), &lineage(52)));
        assert!(opens.len() < PORTION + 20, "{}", opens.len());
    }

    #[test]
    fn it_is_bounded_in_bytes() {
        let most = 4 * PORTION_BYTES;
        let recent = begin(Duration::from_secs(3600), most);
        let long = "x".repeat(4000);
        for number in 0..10_000_u64 {
            let mut event = raw(number, task(1), Kind::Open);
            event.payload = event.payload.with(field::open::PATH, &*long);
            recent.push(&Record::Event(Box::new(event)));
            let kept = recent.kept();
            assert!(kept.bytes <= most + PORTION_BYTES + 8192, "{} bytes after {number}", kept.bytes);
        }
        assert!(opens(&recent).len() > 100);
    }

    #[test]
    fn what_is_written_down_stays_while_more_comes() {
        let recent = begin(Duration::from_secs(1), usize::MAX);
        child(2 * SECOND, 2).iter().for_each(|record| recent.push(record));
        let excerpt = recent.excerpt();
        for number in 0..1000 {
            recent.push(&Record::Event(Box::new(raw((10 + number) * SECOND, task(1), Kind::Open))));
        }
        assert_eq!(excerpt.span_ns(), Some((2 * SECOND, 2 * SECOND)));
        assert!(recent.excerpt().span_ns().expect("events").0 > 700 * SECOND);
    }

    #[test]
    fn what_was_there_when_it_was_found_stays_however_much_comes() {
        let recent = begin(Duration::from_secs(3600), 2 * PORTION_BYTES);
        let noise = |pid: u32, times: u64| {
            for number in 0..times {
                let mut event = raw(100 * SECOND + number, task(pid), Kind::Open);
                event.payload = event.payload.with(field::open::PATH, &*"x".repeat(4000));
                recent.push(&Record::Event(Box::new(event)));
            }
        };
        let write = |excerpt: Excerpt| {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("c.lcap");
            excerpt.write(&path).expect("it is written");
            let mut enricher = Enricher::new(&machine(), None);
            let records: Vec<Record> = CaptureReader::open(&path).expect("it is read").map(Result::unwrap).collect();
            let events = records.into_iter().filter_map(|record| enricher.take(record));
            let opens = events.filter(|event| event.kind == Kind::Open);
            opens.filter_map(|event| event.process).map(|process| process.name().to_vec()).collect::<Vec<_>>()
        };
        child(2 * SECOND, 2).iter().for_each(|record| recent.push(record));
        let found = recent.excerpt();
        // A little more: no gap, and nothing twice.
        child(3 * SECOND, 3).iter().for_each(|record| recent.push(record));
        let names = write(found.followed_by(recent.excerpt()));
        assert_eq!(names, [b"2", b"3"]);
        // So much that what began meanwhile is forgotten too: who it was is known all the same.
        let found = recent.excerpt();
        child(4 * SECOND, 4).iter().for_each(|record| recent.push(record));
        noise(4, 2000);
        let later = recent.excerpt();
        assert!(later.span_ns().expect("events").0 >= 100 * SECOND, "it is forgotten");
        let whole = found.followed_by(later);
        assert_eq!(whole.span_ns().expect("events").0, 2 * SECOND);
        let names = write(whole);
        assert_eq!(names[..2], [b"2", b"3"]);
        assert!(names.len() > 50 && names[2..].iter().all(|name| name == b"4"), "{}", names.len());
    }
}
