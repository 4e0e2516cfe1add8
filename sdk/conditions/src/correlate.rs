//! What several events say together: how many there are of a group within a time, how many values they have, whether all of
//! several things happened, or one after the other.
//!
//! Time is that of the events, so that what is replayed is found as what is seen live. All of it is bounded: where there is no
//! room left, the groups that were quiet for longest are forgotten.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::rules::FieldId;

/// Events that a count can ask for.
pub const MAX_COUNT: u32 = 4096;
/// Conditions that one correlation may have.
pub const MAX_MEMBERS: u16 = 16;
/// Groups that one correlation remembers.
const MAX_GROUPS: usize = 4096;
/// Events that all correlations of a pack remember together, and each at least.
const MAX_EVENTS: usize = 1 << 17;
const MIN_EVENTS: usize = MAX_COUNT as usize * 2;
/// Bytes of what tells groups apart; of more, a hash stands for the rest.
const MAX_KEY: usize = 256;
/// Events that a finding names.
const MAX_NAMED: usize = 64;
/// What a saved state begins with; another one is not read.
const VERSION: u8 = 1;

/// What events together must be like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correlation {
    /// By which its state is found again: the rule's id.
    pub name: String,
    /// What is asked of them.
    pub together: Together,
    /// Within so long, ns.
    pub timespan: u64,
    /// How many conditions there are.
    pub members: u16,
}

/// What is asked of events together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Together {
    /// There are so many.
    Events(u32),
    /// They have so many values.
    Values(u32),
    /// So many of the conditions held, in any order.
    Members(u32),
    /// All of them held, in their order.
    Ordered,
}

/// How an arm's events count for its rule's correlation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Which of the conditions it is.
    pub member: u16,
    /// What tells groups apart. Where one of these is not known, the event is not counted.
    pub group: Vec<FieldId>,
    /// Whose values are counted.
    pub value: Option<FieldId>,
}

/// An event that was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counting {
    pub(crate) time: u64,
    pub(crate) seq: u64,
    pub(crate) member: u16,
    /// Of its value.
    pub(crate) hash: u64,
}

/// What is remembered of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Group {
    newest: u64,
    events: Vec<Counting>,
    /// Where order matters: the latest row of events that the first conditions held for, for each number of them.
    rows: Vec<Vec<Counting>>,
}

impl Group {
    fn len(&self) -> usize {
        self.events.len() + self.rows.iter().map(Vec::len).sum::<usize>()
    }
}

/// What is remembered for one correlation.
#[derive(Debug, Default)]
pub(crate) struct State {
    groups: BTreeMap<Vec<u8>, Group>,
    /// Of all groups.
    events: usize,
}

/// As it is saved.
#[derive(Serialize, Deserialize)]
struct Saved {
    of: Correlation,
    groups: Vec<(Vec<u8>, Group)>,
}

impl Correlation {
    /// Counts an event. Gives the events that are found together with it, in their order: then the group begins anew.
    pub(crate) fn count(&self, state: &mut State, key: Vec<u8>, event: Counting, room: usize) -> Option<Vec<u64>> {
        let key = shortened(key);
        if !state.groups.contains_key(&key) && state.groups.len() >= MAX_GROUPS || state.events >= room {
            state.make_room(event.time.saturating_sub(self.timespan), room);
        }
        let group = state.groups.entry(key.clone()).or_default();
        let before = group.len();
        // Processors differ by a little in what time it is.
        group.newest = group.newest.max(event.time);
        let oldest = group.newest.saturating_sub(self.timespan);
        group.events.retain(|known| known.time >= oldest);
        let found = match self.together {
            Together::Events(count) => {
                group.events.push(event);
                group.events.len() >= count as usize
            }
            Together::Values(count) => {
                group.events.retain(|known| known.hash != event.hash);
                group.events.push(event);
                group.events.len() >= count as usize
            }
            Together::Members(count) => {
                group.events.retain(|known| known.member != event.member);
                group.events.push(event);
                group.events.len() >= count as usize
            }
            Together::Ordered => {
                group.rows.resize(usize::from(self.members), Vec::new());
                group.rows.iter_mut().for_each(|row| {
                    if row.first().is_some_and(|first| first.time < oldest) {
                        row.clear();
                    }
                });
                let at = usize::from(event.member);
                let row = match at.checked_sub(1).map(|before| group.rows.get(before)) {
                    None => Some(Vec::new()),
                    // One event is not two, one after the other.
                    Some(row) => row.filter(|row| row.last().is_some_and(|last| last.seq < event.seq)).cloned(),
                };
                if let (Some(mut row), Some(place)) = (row, group.rows.get_mut(at)) {
                    row.push(event);
                    *place = row;
                }
                match group.rows.last_mut() {
                    Some(last) if last.len() == usize::from(self.members) => {
                        group.events = std::mem::take(last);
                        true
                    }
                    _ => false,
                }
            }
        };
        state.events = state.events + group.len() - before.min(state.events + group.len());
        if !found {
            return None;
        }
        let group = state.groups.remove(&key)?;
        state.events = state.events.saturating_sub(group.len());
        let mut events: Vec<u64> = group.events.iter().map(|event| event.seq).collect();
        events.sort_unstable();
        events.dedup();
        Some(events.split_off(events.len().saturating_sub(MAX_NAMED)))
    }

    /// Forgets what is too long ago to count.
    pub(crate) fn forget(&self, state: &mut State, now: u64) {
        state.forget(now.saturating_sub(self.timespan));
    }
}

impl State {
    fn forget(&mut self, before: u64) {
        self.groups.retain(|_, group| group.newest >= before);
        self.events = self.groups.values().map(Group::len).sum();
    }

    /// Forgets what is too long ago, and where that does not do, the quieter half of the groups.
    fn make_room(&mut self, before: u64, room: usize) {
        self.forget(before);
        if self.groups.len() < MAX_GROUPS && self.events < room {
            return;
        }
        let mut times: Vec<u64> = self.groups.values().map(|group| group.newest).collect();
        times.sort_unstable();
        let middle = times.get(times.len() / 2).copied().unwrap_or_default();
        self.forget(middle.saturating_add(1));
    }
}

/// How many events each of so many correlations may remember.
pub(crate) fn room(correlations: usize) -> usize {
    (MAX_EVENTS / correlations.max(1)).max(MIN_EVENTS)
}

/// The hash of a value (FNV-1a): the same in each version that reads the state.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn shortened(mut key: Vec<u8>) -> Vec<u8> {
    if key.len() > MAX_KEY {
        let rest = hash(&key);
        key.truncate(MAX_KEY);
        key.extend(rest.to_le_bytes());
    }
    key
}

/// The state of correlations, to be restored by another version of the pack.
pub(crate) fn save<'s>(all: impl Iterator<Item = (&'s Correlation, &'s State)>) -> Vec<u8> {
    let saved: Vec<Saved> = all
        .map(|(of, state)| Saved {
            of: of.clone(),
            groups: state.groups.iter().map(|(key, group)| (key.clone(), group.clone())).collect(),
        })
        .collect();
    let mut bytes = vec![VERSION];
    bytes.extend(postcard::to_allocvec(&saved).unwrap_or_default());
    bytes
}

/// What was saved, of those correlations that are the same as they were; nothing of what cannot be read.
pub(crate) fn restore<'s>(bytes: &[u8], all: impl Iterator<Item = (&'s Correlation, &'s mut State)>, room: usize) {
    let Some((&VERSION, bytes)) = bytes.split_first() else { return };
    let Ok(saved) = postcard::from_bytes::<Vec<Saved>>(bytes) else { return };
    let mut saved: BTreeMap<String, Saved> = saved.into_iter().map(|saved| (saved.of.name.clone(), saved)).collect();
    for (of, state) in all {
        let Some(saved) = saved.remove(&of.name).filter(|saved| saved.of == *of) else { continue };
        let fits =
            |(_, group): &(Vec<u8>, Group)| group.rows.len() <= usize::from(MAX_MEMBERS) && group.len() <= MIN_EVENTS;
        state.groups = saved.groups.into_iter().filter(fits).take(MAX_GROUPS).collect();
        state.events = state.groups.values().map(Group::len).sum();
        if state.events > room {
            state.make_room(0, room);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn correlation(together: Together, members: u16) -> Correlation {
        Correlation { name: "a/b".to_owned(), together, timespan: 10 * SECOND, members }
    }

    /// Whether each of these events (second, member, value) of one group finds something.
    fn found(together: Together, members: u16, events: &[(u64, u16, u64)]) -> Vec<Option<Vec<u64>>> {
        let (of, mut state) = (correlation(together, members), State::default());
        let count = |(place, (second, member, hash)): (usize, &(u64, u16, u64))| {
            let event = Counting { time: second * SECOND, seq: place as u64 + 1, member: *member, hash: *hash };
            of.count(&mut state, b"g".to_vec(), event, room(1))
        };
        events.iter().enumerate().map(count).collect()
    }

    #[test]
    fn events_are_counted_within_their_time() {
        let all =
            found(Together::Events(3), 1, &[(1, 0, 0), (2, 0, 0), (13, 0, 0), (14, 0, 0), (15, 0, 0), (16, 0, 0)]);
        assert_eq!(all, [None, None, None, None, Some(vec![3, 4, 5]), None]);
        // The end counts.
        assert_eq!(found(Together::Events(2), 1, &[(1, 0, 0), (11, 0, 0)])[1], Some(vec![1, 2]));
    }

    #[test]
    fn values_are_counted_once() {
        let all = found(Together::Values(2), 1, &[(1, 0, 7), (2, 0, 7), (3, 0, 8)]);
        assert_eq!(all, [None, None, Some(vec![2, 3])]);
        assert_eq!(found(Together::Values(2), 1, &[(1, 0, 7), (12, 0, 8)]), [None, None]);
    }

    #[test]
    fn conditions_hold_in_any_order_or_in_theirs() {
        assert_eq!(found(Together::Members(2), 2, &[(2, 1, 0), (2, 1, 0), (3, 0, 0)])[2], Some(vec![2, 3]));
        assert_eq!(found(Together::Ordered, 2, &[(1, 1, 0), (2, 0, 0), (3, 1, 0)]), [None, None, Some(vec![2, 3])]);
        let ordered = found(Together::Ordered, 3, &[(1, 0, 0), (2, 1, 0), (8, 0, 0), (9, 1, 0), (12, 2, 0)]);
        assert_eq!(ordered[4], Some(vec![3, 4, 5]));
        assert_eq!(found(Together::Ordered, 2, &[(1, 0, 0), (12, 1, 0)]), [None, None]);
    }

    #[test]
    fn groups_are_bounded_and_the_quiet_ones_go() {
        let (of, mut state) = (correlation(Together::Events(2), 1), State::default());
        for number in 0..20_000_u64 {
            let event = Counting { time: number, seq: number, member: 0, hash: 0 };
            assert_eq!(of.count(&mut state, number.to_le_bytes().to_vec(), event, room(1)), None);
            assert!(state.groups.len() <= MAX_GROUPS && state.events == state.groups.len());
        }
        let last = Counting { time: 20_000, seq: 20_000, member: 0, hash: 0 };
        assert_eq!(of.count(&mut state, 19_999_u64.to_le_bytes().to_vec(), last, room(1)), Some(vec![19_999, 20_000]));
        of.forget(&mut state, 11 * SECOND);
        assert!(state.groups.is_empty() && state.events == 0);
    }

    #[test]
    fn events_are_bounded() {
        let (of, mut state) = (correlation(Together::Events(MAX_COUNT), 1), State::default());
        for number in 0..50_000_u64 {
            let event = Counting { time: number, seq: number, member: 0, hash: 0 };
            of.count(&mut state, (number % 100).to_le_bytes().to_vec(), event, MIN_EVENTS);
            assert!(state.events <= MIN_EVENTS);
        }
    }

    #[test]
    fn a_state_is_restored_by_what_is_the_same() {
        let (of, mut state) = (correlation(Together::Events(2), 1), State::default());
        let event = |seq| Counting { time: seq, seq, member: 0, hash: 0 };
        of.count(&mut state, b"g".to_vec(), event(1), room(1));
        let bytes = save([(&of, &state)].into_iter());
        let restored = |of: &Correlation, bytes: &[u8]| {
            let mut state = State::default();
            restore(bytes, [(of, &mut state)].into_iter(), room(1));
            of.count(&mut state, b"g".to_vec(), event(2), room(1)).is_some()
        };
        assert!(restored(&of, &bytes));
        assert!(!restored(&Correlation { timespan: 1, ..of.clone() }, &bytes));
        assert!(
            !restored(&of, b"") && !restored(&of, b"\x01nonsense") && !restored(&of, &[&[2], &bytes[1..]].concat())
        );
    }
}
