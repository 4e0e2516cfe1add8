//! Loading probes for a test and waiting for its events.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use lanner_abi::{FieldInfo, Kind, OwnedRecord, Value, field};
use lanner_probes::{ProbeConfig, Probes, RawEvent, Reader, Task};
use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

/// Only a hang reaches it, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(600);
/// Room for the events of the whole machine while a test waits for the processor.
const RING_BYTES: u32 = 64 << 20;

/// Probes that look on.
pub(crate) struct Watch {
    pub(crate) probes: Probes,
    reader: Reader,
    seen: Vec<RawEvent>,
}

/// Whether the kernel can be used here.
pub(crate) fn probes(config: &ProbeConfig) -> Option<Probes> {
    let refused = match Probes::load(config) {
        Ok(probes) => return Some(probes),
        Err(error) => error,
    };
    assert!(std::env::var_os("LANNER_REQUIRE_KERNEL").is_none_or(|value| value != "1"), "{refused}");
    eprintln!("skipped: {refused}");
    None
}

impl Watch {
    /// `None` where the test is skipped.
    pub(crate) fn over(kinds: &[Kind]) -> Option<Self> {
        Self::with(&ProbeConfig { ring_bytes: RING_BYTES, ignore_pid: None }, kinds)
    }

    /// With probes that are loaded so.
    pub(crate) fn with(config: &ProbeConfig, kinds: &[Kind]) -> Option<Self> {
        let mut probes = probes(config)?;
        let reader = probes.reader().unwrap();
        for kind in kinds {
            probes.attach(*kind).unwrap_or_else(|error| panic!("{error}"));
        }
        Some(Self { probes, reader, seen: Vec::new() })
    }

    /// The first event, of those not asked for before, that is meant.
    pub(crate) fn find(&mut self, what: &str, is_meant: impl Fn(&RawEvent) -> bool) -> RawEvent {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.seen.iter().position(&is_meant) {
                return self.seen.remove(at);
            }
            let before = self.seen.len();
            for event in &mut self.reader {
                let event = event.unwrap();
                // Of every event of the whole machine.
                assert_whole(&event);
                self.seen.push(event);
            }
            if self.seen.len() > before {
                continue;
            }
            assert!(Instant::now() < until, "no {what} within {PATIENCE:?}; lost: {:?}", self.probes.counts());
            self.reader.wait(Duration::from_millis(50)).unwrap();
        }
    }

    /// Likewise, where it is there within a moment.
    pub(crate) fn look(&mut self, is_meant: impl Fn(&RawEvent) -> bool) -> Option<RawEvent> {
        self.reader.wait(Duration::from_millis(50)).unwrap();
        self.seen.extend(self.reader.by_ref().map(|event| event.unwrap()));
        self.seen.iter().position(is_meant).map(|at| self.seen.remove(at))
    }

    /// What came and was not asked for.
    pub(crate) fn seen(&self) -> &[RawEvent] {
        &self.seen
    }

    pub(crate) fn exec(&mut self, pid: u32) -> RawEvent {
        self.find("exec", |event| event.kind == Kind::Exec && task(event).pid == pid)
    }

    pub(crate) fn fork(&mut self, child: u32) -> RawEvent {
        self.find("fork", |event| number(&event.payload, field::fork::CHILD_PID) == Some(child.into()))
    }

    pub(crate) fn exit(&mut self, pid: u32) -> RawEvent {
        self.find("exit", |event| event.kind == Kind::Exit && task(event).pid == pid)
    }

    /// An open by this thread whose path ends so.
    pub(crate) fn open(&mut self, end: &str) -> RawEvent {
        let end = end.as_bytes();
        let ends = |event: &RawEvent| bytes(&event.payload, field::open::PATH).is_some_and(|path| path.ends_with(end));
        self.find(&format!("open of …{}", end.escape_ascii()), |event| is_ours(event, Kind::Open) && ends(event))
    }

    /// The next of this kind that this thread did.
    pub(crate) fn next(&mut self, kind: Kind) -> RawEvent {
        self.find(kind.name(), |event| is_ours(event, kind))
    }

    /// The next of this kind that a process did.
    pub(crate) fn next_of(&mut self, pid: u32, kind: Kind) -> RawEvent {
        self.find(kind.name(), |event| event.kind == kind && task(event).pid == pid)
    }

    /// The next of its kind that this thread did is this one: nothing was told between.
    #[track_caller]
    pub(crate) fn tells(&mut self, result: i64, flags: u16, payload: &OwnedRecord) {
        let event = self.next(kind_of(payload));
        assert_is(&event, result, flags, payload);
    }

    /// Likewise of those that a process did.
    #[track_caller]
    pub(crate) fn tells_of(&mut self, pid: u32, result: i64, flags: u16, payload: &OwnedRecord) {
        let event = self.next_of(pid, kind_of(payload));
        assert_is(&event, result, flags, payload);
    }

    /// The next connect of this thread.
    pub(crate) fn connect(&mut self) -> RawEvent {
        self.next(Kind::Connect)
    }

    /// How many connects of this thread come before one to this address, of those not asked for before.
    pub(crate) fn connects_before(&mut self, address: std::net::SocketAddr) -> usize {
        let is_marker = |event: &RawEvent| {
            event.kind == Kind::Connect
                && event.payload.get().value(field::connect::ADDRESS) == Some(address.ip().into())
                && number(&event.payload, field::connect::PORT) == Some(address.port().into())
        };
        self.find("marked connect", is_marker);
        // The other tests of this program have threads of their own.
        let before = self.seen.len();
        self.seen.retain(|event| !is_ours(event, Kind::Connect));
        before - self.seen.len()
    }

    /// Nothing of what was watched was lost.
    pub(crate) fn end(self) {
        for counts in self.probes.counts().unwrap() {
            assert_eq!(counts.lost, 0, "{counts:?}");
        }
    }
}

/// Keeps this thread, and the programs that it starts, on one processor, as each has its own place in which records are
/// built. Ends where it is dropped.
pub(crate) struct OnOneProcessor {
    before: CpuSet,
}

impl OnOneProcessor {
    pub(crate) fn begin() -> Self {
        let before = sched_getaffinity(None).unwrap();
        let mut here = CpuSet::new();
        here.set(sched_getcpu());
        sched_setaffinity(None, &here).unwrap();
        Self { before }
    }
}

impl Drop for OnOneProcessor {
    fn drop(&mut self) {
        sched_setaffinity(None, &self.before).unwrap();
    }
}

/// A folder of a test's own, under its real name.
pub(crate) fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = std::fs::canonicalize(folder.path()).unwrap();
    (folder, path)
}

/// What a path is called in its file system: without what it is mounted at, where all of it is.
pub(crate) fn in_file_system(path: &std::path::Path) -> PathBuf {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mounts = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let below = mounts.filter_map(|words| path.strip_prefix(words[4]).ok().map(|rest| (words[3].to_owned(), rest)));
    let (root, rest) = below.min_by_key(|(_, rest)| rest.as_os_str().len()).unwrap();
    PathBuf::from(root).join(rest)
}

/// A record of a kind, in which nothing is known yet.
pub(crate) fn of(kind: Kind) -> OwnedRecord {
    OwnedRecord::new(kind.record())
}

fn kind_of(payload: &OwnedRecord) -> Kind {
    Kind::ALL.into_iter().find(|kind| std::ptr::eq(kind.record(), payload.info())).expect("a kind's record")
}

#[track_caller]
pub(crate) fn assert_is(event: &RawEvent, result: i64, flags: u16, payload: &OwnedRecord) {
    assert_eq!((event.result, event.flags, &event.payload), (Some(result), flags, payload));
}

/// Who did it.
pub(crate) fn task(event: &RawEvent) -> &Task {
    event.task.as_ref().expect("a task")
}

/// Whether this thread did it.
pub(crate) fn is_ours(event: &RawEvent, kind: Kind) -> bool {
    event.kind == kind && task(event).tid == rustix::thread::gettid().as_raw_nonzero().get() as u32
}

/// The image that begins.
pub(crate) fn image(event: &RawEvent) -> &OwnedRecord {
    event.image.as_ref().expect("an image")
}

/// A number, where it is there.
pub(crate) fn number(record: &OwnedRecord, field: &FieldInfo) -> Option<u64> {
    if record.info().field(field.name) == Some(field) { record.get().number(field) } else { None }
}

/// A text, where it is there.
pub(crate) fn bytes<'a>(record: &'a OwnedRecord, field: &FieldInfo) -> Option<&'a [u8]> {
    if record.info().field(field.name) == Some(field) { record.get().bytes(field) } else { None }
}

/// A text that is there, to compare and to be read where it differs.
pub(crate) fn text<'a>(record: &'a OwnedRecord, field: &FieldInfo) -> &'a str {
    let bytes = bytes(record, field).unwrap_or_else(|| panic!("no {} in {record:?}", field.name));
    std::str::from_utf8(bytes).unwrap()
}

/// An address, where it is there, as frames have it.
pub(crate) fn address(record: &OwnedRecord, field: &FieldInfo) -> Option<std::net::IpAddr> {
    match record.get().value(field)? {
        Value::Bytes16(bytes) => Some(std::net::Ipv6Addr::from(bytes).to_canonical()),
        _ => None,
    }
}

/// What its kind says that there is, is there, and what is not there is zero, as records are built where others stood
/// before.
pub(crate) fn assert_whole(event: &RawEvent) {
    let kind = event.kind.info();
    assert_eq!(event.result.is_some(), kind.has_result, "{event:?}");
    assert_eq!((event.task.is_some(), event.image.is_some()), (kind.has_process, kind.has_image), "{event:?}");
    for record in [Some(&event.payload), event.image.as_deref()].into_iter().flatten() {
        let (mut left, fields) = (record.parts().0.to_vec(), record.info().fields);
        assert!(fields.len() <= 64, "more than one word of bits");
        left[..8].fill(0);
        for field in fields.iter().filter(|field| record.get().has(field)) {
            left[field.offset()..field.offset() + field.size()].fill(0);
        }
        assert!(left.iter().all(|byte| *byte == 0), "bytes of what is not there: {left:?} in {record:?}");
    }
}
