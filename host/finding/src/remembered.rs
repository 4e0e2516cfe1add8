//! The processes that packs were shown lately: a finding may be about one of an earlier batch.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use lanner_enrich::{Event, Process};

/// Bytes of them kept at most. The oldest are forgotten first: the same for the same stream, live or replayed.
const MAX_BYTES: usize = 32 << 20;

/// Processes by their image's id.
#[derive(Default)]
pub(super) struct Remembered {
    images: HashMap<u64, Arc<Process>>,
    /// Oldest first.
    order: VecDeque<u64>,
    bytes: usize,
}

impl Remembered {
    /// Remembers whom the events show, with their ancestors.
    pub(super) fn note(&mut self, events: &[Event]) {
        for event in events {
            for process in event.process.iter().chain(&event.named) {
                self.note_newest(process);
            }
        }
        while self.bytes > MAX_BYTES
            && let Some(oldest) = self.order.pop_front()
        {
            if let Some(process) = self.images.remove(&oldest) {
                self.bytes -= process.size();
            }
        }
    }

    /// One that acts, as it is now: an image that became another user is another record.
    fn note_newest(&mut self, process: &Arc<Process>) {
        match self.images.get_mut(&process.image().0) {
            Some(known) if Arc::ptr_eq(known, process) => {}
            Some(known) => {
                self.bytes = self.bytes - known.size() + process.size();
                *known = process.clone();
            }
            None => self.note_line(process),
        }
    }

    fn note_line(&mut self, process: &Arc<Process>) {
        for process in process.line() {
            let image = process.image().0;
            if self.images.contains_key(&image) {
                // Its ancestors came with it.
                return;
            }
            self.bytes += process.size();
            self.images.insert(image, process.clone());
            self.order.push_back(image);
        }
    }

    /// The process of this image.
    pub(super) fn get(&self, image: u64) -> Option<&Arc<Process>> {
        self.images.get(&image)
    }
}

#[cfg(test)]
mod tests {
    use lanner_abi::{Kind, OwnedRecord, PROCESS, field};
    use lanner_enrich::Enricher;
    use lanner_probes::event::{RawEvent, Task};
    use lanner_source::record::{Machine, Record};

    use super::*;

    #[test]
    fn an_image_that_became_another_user_is_remembered_so() {
        let mut enricher = Enricher::new(&Machine::default(), None);
        let mut remembered = Remembered::default();
        for uid in [0, 1000] {
            let task = Task { pid: 7, tid: 7, start_boot_ns: 1, uid, euid: uid, ..Task::default() };
            let event = RawEvent::of_nobody(0, Kind::Open, OwnedRecord::new(Kind::Open.record()));
            let event = RawEvent { task: Some(task), ..event };
            let event = enricher.take(Record::Event(Box::new(event))).expect("an event");
            let image = event.process.as_ref().expect("a process").image().0;
            remembered.note(&[event]);
            assert_eq!(remembered.get(image).map(|process| process.uid()), Some(uid));
        }
    }

    #[test]
    fn the_oldest_are_forgotten_when_they_are_too_many() {
        let mut enricher = Enricher::new(&Machine::default(), None);
        let mut remembered = Remembered::default();
        let mut images = Vec::new();
        for pid in 1..2000_u32 {
            let task = Task { pid, tid: pid, start_boot_ns: 1, ..Task::default() };
            let image = OwnedRecord::new(&PROCESS).with(field::process::ARGV, vec![b'x'; 32 << 10].as_slice());
            let event = RawEvent::of_nobody(0, Kind::Exec, OwnedRecord::new(Kind::Exec.record()));
            let event = RawEvent { task: Some(task), image: Some(Box::new(image)), ..event };
            let event = enricher.take(Record::Event(Box::new(event))).expect("an event");
            images.push(event.named[0].image().0);
            remembered.note(&[event]);
            assert!(remembered.bytes <= MAX_BYTES);
        }
        assert!(remembered.get(images[0]).is_none() && remembered.get(*images.last().expect("many")).is_some());
        let sum: usize = remembered.images.values().map(|process| process.size()).sum();
        assert_eq!((sum, remembered.order.len()), (remembered.bytes, remembered.images.len()));
    }
}
