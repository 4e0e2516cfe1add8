//! Which events go to which pack.
//!
//! What all packs want is looked for at once: an event costs a look at each field that somebody compares, and not one for
//! each pack.

mod cover;
mod field;
mod index;
mod listed;
mod ranges;
mod trie;

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use lanner_contract::Wanted;
use lanner_enrich::Event;
use lanner_frame as frame;
use lanner_lists::Snapshot;

use super::PackId;
use super::description::Description;
use index::{Index, Selected};
pub use listed::Listed;

/// The number of one of the alternatives that packs ask for, of a kind.
type Term = u32;

/// A frame for one pack.
#[derive(Clone)]
pub(super) struct Routed {
    pub(super) pack: PackId,
    pub(super) frame: Arc<[u8]>,
    /// Events in it.
    pub(super) events: u64,
    /// Bytes that it takes of the pack's mailbox.
    pub(super) held: usize,
}

/// Brings events to the packs that want them. Packs that get the same events share one frame.
#[derive(Default)]
pub(super) struct Router {
    groups: Vec<Group>,
    index: Index,
    encoder: frame::Encoder,
}

/// What a router goes on with, when packs have come and gone. It takes a while to make: up to a second for the filters of
/// hundreds of packs.
pub(super) struct Plan {
    groups: Vec<Group>,
    /// Nothing where the packs want what those before wanted.
    index: Option<Index>,
}

/// Packs that want the same.
#[derive(Clone)]
struct Group {
    asked: Asked,
    packs: Vec<PackId>,
}

/// What a pack asks for, and by which of its subscriptions.
#[derive(Clone, PartialEq, Eq)]
struct Asked {
    wanted: Vec<Wanted>,
    by: Vec<Vec<u32>>,
}

impl Asked {
    fn of(description: &Description) -> Self {
        Self { wanted: description.wanted.clone(), by: description.asked_by.clone() }
    }

    /// How many words have a bit for each subscription. None where there is nothing to be told: every event that the pack is
    /// given passed all that it asked for of its kind.
    fn words(&self) -> usize {
        let filters = self.wanted.iter().any(|wanted| wanted.condition.is_some());
        let last = self.by.iter().flatten().max().filter(|_| filters);
        last.map_or(0, |last| *last as usize / 64 + 1)
    }
}

impl Router {
    /// Makes the plan for when these packs have gone and these have come: wherever it is called. Until it is taken up, events go
    /// to those before.
    pub(super) fn plan(
        &self,
        gone: &[PackId],
        come: &[(PackId, &Description)],
    ) -> impl FnOnce() -> Plan + Send + use<> {
        let mut groups = self.groups.clone();
        for group in &mut groups {
            group.packs.retain(|pack| !gone.contains(pack));
        }
        for (pack, description) in come {
            let asked = Asked::of(description);
            match groups.iter_mut().find(|group| group.asked == asked) {
                Some(group) => group.packs.push(*pack),
                None => groups.push(Group { asked, packs: vec![*pack] }),
            }
        }
        groups.retain(|group| !group.packs.is_empty());
        let same = groups.iter().map(|group| &group.asked).eq(self.groups.iter().map(|group| &group.asked));
        move || {
            let index = (!same).then(|| Index::new(groups.iter().map(|group| &group.asked)));
            Plan { groups, index }
        }
    }

    /// Goes by that plan from here on. Gives what it went by before: it takes a while to let go of that, too.
    pub(super) fn take_up(&mut self, plan: Plan) -> Plan {
        let groups = std::mem::replace(&mut self.groups, plan.groups);
        Plan { groups, index: plan.index.map(|index| std::mem::replace(&mut self.index, index)) }
    }

    /// A frame of an event that is for one pack alone.
    pub(super) fn encode(&mut self, events: &[Event]) -> impl Iterator<Item = Arc<[u8]>> {
        self.encoder.encode(events.iter()).into_iter().map(|(frame, _)| frame)
    }

    /// Encodes what each pack asked for, by these lists. Packs for which there is nothing are left out.
    pub(super) fn route(&mut self, events: &[Event], lists: &Snapshot) -> Vec<Routed> {
        let Self { groups, index, encoder } = self;
        let mut routed = Vec::new();
        let mut shared = HashMap::<&[u32], Vec<(Arc<[u8]>, u64)>, FixedState>::default();
        for (group, Selected { events: places, passed, words }) in index.select(events, lists) {
            let Some(Group { packs, .. }) = groups.get(group) else { continue };
            let frames = shared
                .entry(places)
                .or_insert_with(|| encoder.encode(places.iter().filter_map(|place| events.get(*place as usize))));
            let mut passed = passed.as_slice();
            for (frame, events) in frames {
                let (own, others) = passed.split_at_checked(*events as usize * words).unwrap_or_default();
                let frame = match own {
                    [] => frame.clone(),
                    own => lanner_abi::with_passed(frame, own, *words).into(),
                };
                passed = others;
                routed.extend(packs.iter().map(|pack| Routed {
                    pack: *pack,
                    frame: frame.clone(),
                    events: *events,
                    held: 0,
                }));
            }
        }
        routed
    }
}

#[cfg(test)]
mod tests {
    use lanner_abi::{Frame, Kind, OwnedRecord, field};
    use lanner_contract::filter::{Literal, Test};
    use lanner_contract::{Condition, FieldRef, List, ListType, Sieve};
    use lanner_enrich::Enricher;
    use lanner_lists::{Bound, Lists};
    use lanner_probes::event::{RawEvent, Task};
    use lanner_source::record::{Machine, Record};
    use proptest::collection::vec;
    use proptest::prelude::*;

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
        let wanted = vec![Wanted { kind: Kind::Open, condition }];
        Description { wanted, asked_by: vec![vec![0]], ..Description::default() }
    }

    impl Router {
        fn add(&mut self, pack: PackId, description: &Description) {
            let plan = self.plan(&[], &[(pack, description)])();
            drop(self.take_up(plan));
        }

        fn remove(&mut self, pack: PackId) {
            let plan = self.plan(&[pack], &[])();
            drop(self.take_up(plan));
        }
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
        let routed = router.route(&opens(&["/etc/a", "/tmp/b", "/etc/c"]), &Snapshot::default());
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
        let routed = router.route(&opens(&["/etc/a"]), &Snapshot::default());
        assert_eq!(routed.iter().map(|routed| routed.pack).collect::<Vec<_>>(), [stays]);
        router.remove(stays);
        assert!(router.route(&opens(&["/etc/a"]), &Snapshot::default()).is_empty());
    }

    /// A path, the program that opens it, flags, and what came of it.
    type Opened = (Vec<u8>, Option<Vec<u8>>, u64, Option<i64>);

    /// Of few letters, so that texts often begin, end and are alike.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        vec(prop_oneof![Just(b'/'), Just(b'a'), Just(b'b')], 0..6)
    }

    fn test() -> impl Strategy<Value = (&'static str, Test)> {
        let texts = || vec(text(), 0..4);
        let text = prop_oneof![
            texts().prop_map(|values| Test::Equals(values.into_iter().map(Literal::Bytes).collect())),
            texts().prop_map(Test::StartsWith),
            texts().prop_map(Test::EndsWith),
            texts().prop_map(Test::Contains),
            Just(Test::Known),
        ];
        let number = prop_oneof![
            vec((-9_i128..9, -9_i128..9), 1..3).prop_map(Test::Between),
            vec(-9_i128..9, 1..3).prop_map(|values| Test::Equals(values.into_iter().map(Literal::Number).collect())),
            (0_u64..16).prop_map(Test::AnyBits),
            (0_u64..16).prop_map(Test::AllBits),
            (0_u64..16).prop_map(Test::NoBits),
            Just(Test::Known),
        ];
        let fields = prop_oneof![Just("open.path"), Just("process.exe"), Just("open.host_path")];
        let numbers = prop_oneof![Just("open.flags"), Just("event.result")];
        prop_oneof![(fields, text), (numbers, number)]
    }

    /// A list of paths and one of numbers, by the numbers 0 and 1; held as long as the first is.
    fn lists() -> (Bound, Arc<Snapshot>) {
        let list = |name: &str, holds, entries: &[&str]| List {
            name: name.to_owned(),
            holds,
            entries: entries.iter().map(|entry| (*entry).to_owned()).collect(),
            ..List::default()
        };
        let said =
            [list("paths", ListType::Path, &["/a", "/b/", "/ab/"]), list("numbers", ListType::Number, &["3", "-5--2"])];
        let lists = Lists::default();
        let bound = lists.bind("pack", &said).expect("bound");
        (bound, lists.now())
    }

    fn condition() -> impl Strategy<Value = Condition> {
        let of = |(name, test)| Condition::Field(FieldRef::of(Kind::Open, name).expect("a field"), test);
        let texts = prop_oneof![Just("open.path"), Just("process.exe")].prop_map(|name| (name, 0));
        let listed = prop_oneof![2 => texts, 1 => Just(("open.flags", 1)), 1 => Just(("event.result", 1))];
        let listed =
            listed.prop_map(|(name, list)| Condition::Listed(FieldRef::of(Kind::Open, name).expect("a field"), list));
        prop_oneof![6 => test().prop_map(of), 1 => listed].prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..3).prop_map(Condition::All),
                vec(inner.clone(), 0..3).prop_map(Condition::Any),
                inner.prop_map(|condition| Condition::Not(Box::new(condition))),
            ]
        })
    }

    proptest! {
        #[test]
        fn each_pack_gets_what_comparing_each_event_with_its_own_filters_gives(
            packs in vec(vec(proptest::option::weighted(0.95, condition()), 0..4), 1..6),
            happened in vec((text(), proptest::option::of(text()), 0_u64..16, proptest::option::of(-9_i64..9)), 1..6),
        ) {
            let mut enricher = Enricher::new(&Machine::default(), None);
            let open = |(pid, (path, exe, flags, result)): (u32, &Opened)| {
                let task = Task { pid, tid: pid, start_boot_ns: 1, ..Task::default() };
                if let Some(exe) = exe {
                    let image = OwnedRecord::new(&lanner_abi::PROCESS).with(field::process::EXE, exe.as_slice());
                    let exec = RawEvent::of_nobody(1, Kind::Exec, OwnedRecord::new(Kind::Exec.record()));
                    let exec = RawEvent { task: Some(task.clone()), image: Some(Box::new(image)), ..exec };
                    enricher.take(Record::Event(Box::new(exec)));
                }
                let open = OwnedRecord::new(Kind::Open.record()).with(field::open::PATH, path.as_slice());
                let open = open.with(field::open::FLAGS, *flags as u32);
                let raw = RawEvent { task: Some(task), result: *result, ..RawEvent::of_nobody(1, Kind::Open, open) };
                enricher.take(Record::Event(Box::new(raw))).expect("an event")
            };
            let events: Vec<Event> = (10..).zip(&happened).map(open).collect();
            let mut router = Router::default();
            let wanted = |conditions: &Vec<Option<Condition>>| {
                let of = |condition: &Option<Condition>| Wanted { kind: Kind::Open, condition: condition.clone() };
                conditions.iter().map(of).collect::<Vec<_>>()
            };
            for (number, conditions) in (0..).zip(&packs) {
                let asked_by = (0..).take(conditions.len()).map(|number| vec![number]).collect();
                let description = Description { wanted: wanted(conditions), asked_by, ..Description::default() };
                router.add(PackId(number), &description);
            }
            let (_bound, now) = lists();
            let now = &*now;
            let routed = router.route(&events, now);
            for (number, conditions) in (0..).zip(&packs) {
                let sieve = Sieve::new(&wanted(conditions));
                let expected: Vec<u64> = events.iter().filter(|event| sieve.wants(&Listed { event, lists: now })).map(|event| event.seq).collect();
                let frame = routed.iter().find(|routed| routed.pack == PackId(number));
                prop_assert_eq!(frame.map_or(Vec::new(), |routed| sequence_numbers(&routed.frame)), &expected[..]);
                let Some(routed) = frame else { continue };
                let frame = Frame::parse(&routed.frame).expect("a frame");
                let mut passed = frame.events();
                for seq in expected {
                    let event = events.iter().find(|event| event.seq == seq).expect("it is one of them");
                    for (number, wanted) in (0..).zip(wanted(conditions)) {
                        let told = passed.passed(number);
                        let filters = conditions.iter().any(Option::is_some);
                        let expected = Sieve::new(&[wanted]).wants(&Listed { event, lists: now });
                        prop_assert_eq!(told, filters.then_some(expected), "{} {}", seq, number);
                    }
                    passed.next();
                }
            }
        }
    }
}
