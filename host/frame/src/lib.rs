//! From events to the bytes that packs read. The layout is `lanner_abi`'s; of no kind has anything to be known here.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use lanner_abi::{EventHeader, FieldInfo, FrameWriter, OwnedRecord, RecordRef, field};
use lanner_enrich::{Event, Process};

/// A frame is closed when it is this long, though the batch has more events: a pack has to hold it in its memory, and who
/// starts processes decides how long their arguments are. A frame of ordinary events is a fiftieth of it.
const MAX_FRAME: usize = 4 << 20;

/// Encodes batches; keeps its buffers between them.
#[derive(Default)]
pub struct Encoder {
    writer: FrameWriter,
    /// The row of each image, by where it lies in memory: an image never changes, so within a batch, which keeps it
    /// alive, the same address is the same image.
    processes: Rows,
    /// The same of those of whom less is told as ancestors.
    ancestors: Rows,
    /// The same of containers.
    containers: Rows,
}

/// Rows by address.
type Rows = HashMap<usize, u32, BuildHasherDefault<OfAddress>>;

/// Addresses differ in their middle bits, and nobody outside chooses them: a multiplication spreads them well enough, at a
/// tenth of what the standard hash costs each event.
#[derive(Default)]
struct OfAddress(u64);

impl Hasher for OfAddress {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_usize(usize::from(*byte)));
    }

    fn write_usize(&mut self, address: usize) {
        // The fraction of the golden ratio; the high half is turned to where the table looks.
        let spread = (self.0 ^ address as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = spread ^ (spread >> 32);
    }
}

impl Encoder {
    /// Encodes events, with their processes and all ancestors of these, each once. Gives the frames, most often one, each
    /// with the number of its events; none where there are no events.
    pub fn encode<'a>(&mut self, events: impl Iterator<Item = &'a Event>) -> Vec<(Arc<[u8]>, u64)> {
        let mut frames = Vec::new();
        let mut count = 0;
        self.begin();
        for event in events {
            self.event(event);
            count += 1;
            if self.writer.size() >= MAX_FRAME {
                frames.push((Arc::from(self.writer.finish()), count));
                count = 0;
                self.begin();
            }
        }
        if count > 0 {
            frames.push((Arc::from(self.writer.finish()), count));
        }
        frames
    }

    fn begin(&mut self) {
        self.writer.clear();
        self.processes.clear();
        self.ancestors.clear();
        self.containers.clear();
    }

    fn event(&mut self, event: &Event) {
        let process = event.process.as_ref().map(|process| self.process(process));
        let Event { seq, time_ns, kind, flags, result, tid, .. } = *event;
        let header = EventHeader { seq, time: time_ns, flags, process, tid, result };
        let rows = event.named.iter().map(|process| self.process(process)).collect::<Vec<_>>();
        let mut row_of = |_: &'static FieldInfo, place: u32| rows.get(place as usize).copied();
        let payload = self.writer.record(event.payload.get(), &mut row_of);
        self.writer.event(&header, kind, payload);
    }

    /// The row of an image; it and its ancestors are written where they are not yet.
    fn process(&mut self, process: &Arc<Process>) -> u32 {
        let address = Arc::as_ptr(process).addr();
        if let Some(row) = self.processes.get(&address) {
            return *row;
        }
        let row = self.record(process, process.record());
        self.processes.insert(address, row);
        row
    }

    /// Likewise as an ancestor: the row of the image itself, where there is no more to tell.
    fn ancestor(&mut self, process: &Arc<Process>) -> u32 {
        let address = Arc::as_ptr(process).addr();
        if let Some(row) = self.ancestors.get(&address) {
            return *row;
        }
        let Some(less) = process.as_ancestor() else { return self.process(process) };
        let row = self.record(process, less.get());
        self.ancestors.insert(address, row);
        row
    }

    /// Writes what is told of a process, and its ancestors where they are not yet.
    fn record(&mut self, process: &Arc<Process>, told: RecordRef<'_>) -> u32 {
        // The lineage is bounded (`enrich::MAX_LINEAGE`), so this does not go deep.
        let parent = process.parent.as_ref().map(|parent| self.ancestor(parent));
        let container = process.container.as_ref().map(|container| self.container(container));
        let mut row_of = |at: &'static FieldInfo, _| match at {
            at if *at == *field::process::PARENT => parent,
            at if *at == *field::process::CONTAINER => container,
            _ => None,
        };
        self.writer.record(told, &mut row_of)
    }

    fn container(&mut self, container: &Arc<OwnedRecord>) -> u32 {
        let address = Arc::as_ptr(container).addr();
        let Self { writer, containers, .. } = self;
        *containers.entry(address).or_insert_with(|| writer.record(container.get(), &mut |_, _| None))
    }
}

#[cfg(test)]
mod tests {
    use lanner_abi::{Frame, Kind, PROCESS, process_flag};
    use lanner_enrich::Enricher;
    use lanner_probes::event::{RawEvent, Task};
    use lanner_source::record::{Machine, Record};

    use super::*;

    fn exec(pid: u32, argv: &[u8]) -> Record {
        let task = Task { pid, tid: pid, start_boot_ns: 1, ..Task::default() };
        let image = OwnedRecord::new(&PROCESS).with(field::process::ARGV, argv);
        let event = RawEvent::of_nobody(0, Kind::Exec, OwnedRecord::new(Kind::Exec.record()));
        Record::Event(Box::new(RawEvent { task: Some(task), image: Some(Box::new(image)), ..event }))
    }

    #[test]
    fn a_batch_of_fat_processes_is_several_frames() {
        const EVENTS: u32 = 600;
        let mut enricher = Enricher::new(&Machine::default(), None);
        let events: Vec<Event> =
            (1..=EVENTS).filter_map(|pid| enricher.take(exec(pid, &vec![b'x'; 32 << 10]))).collect();
        let frames = Encoder::default().encode(events.iter());
        assert!(frames.len() > 2 && frames.iter().all(|(frame, _)| frame.len() < MAX_FRAME + (64 << 10)));
        let seqs = frames.iter().flat_map(|(frame, count)| {
            let frame = Frame::parse(frame).expect("a frame");
            assert_eq!(frame.events().count() as u64, *count);
            frame.events().map(|event| event.seq()).collect::<Vec<_>>()
        });
        assert_eq!(seqs.collect::<Vec<_>>(), (1..=u64::from(EVENTS)).collect::<Vec<_>>());
        assert!(Encoder::default().encode([].iter()).is_empty());
    }

    /// Chains of programs with long arguments, of which only the last ones do anything: each event has another line.
    #[test]
    fn ancestors_with_long_arguments_are_cut() {
        let mut enricher = Enricher::new(&Machine::default(), None);
        let long = |number: u32| [number.to_string().as_bytes(), b" ", &[b'x'; 32_000], b"\0"].concat();
        let task = |pid: u32| Task { pid, tid: pid, start_boot_ns: 1, ..Task::default() };
        let fork = |parent: u32, child: u32| {
            let fork = OwnedRecord::new(Kind::Fork.record()).with(field::fork::CHILD_PID, child);
            let fork = fork.with(field::fork::CHILD_START, 1_u64);
            let event = RawEvent { task: Some(task(parent)), ..RawEvent::of_nobody(5, Kind::Fork, fork) };
            Record::Event(Box::new(event))
        };
        let mut leaves = Vec::new();
        for chain in 0..8 {
            let first = 1 + chain * 100;
            for pid in first..first + 40 {
                if pid > first {
                    enricher.take(fork(pid - 1, pid));
                }
                leaves.extend(enricher.take(exec(pid, &long(pid))).filter(|_| pid == first + 39));
            }
        }
        let frames = Encoder::default().encode(leaves.iter());
        let bytes: usize = frames.iter().map(|(frame, _)| frame.len()).sum();
        assert!(bytes < 8 * (2 * 33_000 + 40 * 5_000), "{bytes}");
        let frame = Frame::parse(&frames[0].0).expect("a frame");
        let leaf = frame.events().next().and_then(|event| event.as_exec()).expect("an exec");
        let image = leaf.image();
        assert_eq!((image.argv().len(), image.flags() & process_flag::ARGV_TRUNCATED), (long(40).len(), 0));
        let ancestors: Vec<_> = image.ancestors().collect();
        assert_eq!(
            ancestors.iter().map(lanner_abi::Process::pid).collect::<Vec<_>>(),
            (1..40).rev().collect::<Vec<_>>()
        );
        for ancestor in ancestors {
            assert_eq!(ancestor.argv().as_bytes(), &long(ancestor.pid())[..4096]);
            assert_ne!(ancestor.flags() & process_flag::ARGV_TRUNCATED, 0);
        }
    }

    #[test]
    fn an_event_points_at_its_processes_and_they_at_their_parents() {
        let mut enricher = Enricher::new(&Machine::default(), None);
        let fork = OwnedRecord::new(Kind::Fork.record()).with(field::fork::CHILD_PID, 8_u32);
        let fork = fork.with(field::fork::CHILD_START, 20_000_000_u64);
        let task = Task { pid: 7, tid: 7, start_boot_ns: 1, ..Task::default() };
        let fork = RawEvent { task: Some(task), ..RawEvent::of_nobody(5, Kind::Fork, fork) };
        let loss = RawEvent::of_nobody(6, Kind::Loss, OwnedRecord::new(Kind::Loss.record()));
        let events: Vec<Event> =
            [fork, loss].into_iter().filter_map(|event| enricher.take(Record::Event(Box::new(event)))).collect();
        let frames = Encoder::default().encode(events.iter());
        let frame = Frame::parse(&frames[0].0).expect("a frame");
        let [fork, loss] = &frame.events().collect::<Vec<_>>()[..] else { panic!("two events") };
        let fork = fork.as_fork().expect("a fork");
        assert_eq!((fork.process().pid(), fork.child().pid()), (7, 8));
        assert_eq!(fork.child().parent().map(|parent| parent.image()), Some(fork.process().image()));
        assert!(fork.process().parent().is_none() && fork.process().container().is_none());
        assert!(loss.process().is_none() && loss.tid().is_none(), "nobody did it");
    }
}
