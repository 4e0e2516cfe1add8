//! Which events go to which pack.

use std::sync::Arc;

use lanner_enrich::Event;
use lanner_frame as frame;

use lanner_contract::{Sieve, Wanted};

use super::PackId;
use super::description::Description;

/// A frame for one pack.
pub(super) struct Routed {
    pub(super) pack: PackId,
    pub(super) frame: Arc<[u8]>,
    /// Events in it.
    pub(super) events: u64,
}

/// Packs that want the same events share one frame.
#[derive(Default)]
pub(super) struct Router {
    groups: Vec<Group>,
    encoder: frame::Encoder,
}

struct Group {
    wanted: Vec<Wanted>,
    sieve: Sieve,
    packs: Vec<PackId>,
}

impl Router {
    pub(super) fn add(&mut self, pack: PackId, description: &Description) {
        match self.groups.iter_mut().find(|group| group.wanted == description.wanted) {
            Some(group) => group.packs.push(pack),
            None => {
                let wanted = description.wanted.clone();
                let sieve = Sieve::new(&wanted);
                self.groups.push(Group { wanted, sieve, packs: vec![pack] });
            }
        }
    }

    pub(super) fn remove(&mut self, pack: PackId) {
        for group in &mut self.groups {
            group.packs.retain(|other| *other != pack);
        }
        self.groups.retain(|group| !group.packs.is_empty());
    }

    /// Encodes what each pack asked for. Packs for which there is nothing are left out.
    pub(super) fn route(&mut self, events: &[Event]) -> Vec<Routed> {
        let mut routed = Vec::new();
        for group in &self.groups {
            let chosen = events.iter().filter(|event| group.sieve.wants(*event));
            for (frame, events) in self.encoder.encode(chosen) {
                routed.extend(group.packs.iter().map(|pack| Routed { pack: *pack, frame: frame.clone(), events }));
            }
        }
        routed
    }
}

#[cfg(test)]
mod tests {
    use lanner_abi::{Frame, Kind, OwnedRecord, field};
    use lanner_contract::filter::Test;
    use lanner_contract::{Condition, FieldRef};
    use lanner_enrich::Enricher;
    use lanner_probes::event::{RawEvent, Task};
    use lanner_source::record::{Machine, Record};

    use super::*;

    /// Opens of these files.
    fn opens(paths: &[&str]) -> Vec<Event> {
        let mut enricher = Enricher::new(&Machine::default(), None);
        let task = Task { pid: 10, tid: 10, start_boot_ns: 1, ..Task::default() };
        let open = |path: &&str| {
            let open = OwnedRecord::new(Kind::Open.record()).with(field::open::PATH, *path);
            let event = RawEvent { task: Some(task.clone()), ..RawEvent::of_nobody(1, Kind::Open, open) };
            enricher.take(Record::Event(Box::new(event))).expect("an event")
        };
        paths.iter().map(open).collect()
    }

    /// A pack that wants opens of files below these folders; all where there are none.
    fn description(below: &[&str]) -> Description {
        let values: Vec<_> = below.iter().map(|folder| folder.as_bytes().to_vec()).collect();
        let path = FieldRef::of(Kind::Open, "open.path").expect("a field");
        let condition = (!below.is_empty()).then_some(Condition::Field(path, Test::StartsWith(values)));
        Description { wanted: vec![Wanted { kind: Kind::Open, condition }], ..Description::default() }
    }

    fn sequence_numbers(frame: &[u8]) -> Vec<u64> {
        Frame::parse(frame).expect("a frame").events().map(|event| event.seq()).collect()
    }

    #[test]
    fn a_pack_gets_what_it_asked_for_and_those_who_ask_alike_share_a_frame() {
        let mut router = Router::default();
        let [etc, etc_too, all, none] = [0, 1, 2, 3].map(PackId);
        router.add(etc, &description(&["/etc/"]));
        router.add(all, &description(&[]));
        router.add(etc_too, &description(&["/etc/"]));
        router.add(none, &description(&["/root/"]));
        let routed = router.route(&opens(&["/etc/a", "/tmp/b", "/etc/c"]));
        let of = |pack| routed.iter().find(|routed| routed.pack == pack);
        assert_eq!(sequence_numbers(&of(etc).expect("a frame").frame), [1, 3]);
        assert_eq!(of(etc).expect("a frame").events, 2);
        assert_eq!(sequence_numbers(&of(all).expect("a frame").frame), [1, 2, 3]);
        assert!(Arc::ptr_eq(&of(etc).expect("a frame").frame, &of(etc_too).expect("a frame").frame));
        assert!(of(none).is_none(), "for whom there is nothing is not called");
        assert_eq!(routed.len(), 3);
    }

    #[test]
    fn a_pack_that_is_removed_gets_nothing_and_the_others_go_on() {
        let mut router = Router::default();
        let [gone, stays] = [0, 1].map(PackId);
        for pack in [gone, stays] {
            router.add(pack, &description(&["/etc/"]));
        }
        router.remove(gone);
        let routed = router.route(&opens(&["/etc/a"]));
        assert_eq!(routed.iter().map(|routed| routed.pack).collect::<Vec<_>>(), [stays]);
        router.remove(stays);
        assert!(router.route(&opens(&["/etc/a"])).is_empty());
    }
}
