//! What groups of packs want, so that all who want an event are found in one look at each of its fields.

use std::collections::BTreeMap;

use lanner_abi::Kind;
use lanner_contract::{Condition, FieldRef, Happening as _, Sieve};
use lanner_enrich::Event;
use lanner_lists::Snapshot;

use super::cover::{self, Cover, Trait};
use super::field::FieldIndex;
use super::{Asked, Listed, Term};

/// Of all groups.
#[derive(Default)]
pub(super) struct Index {
    /// By the number of the kind.
    kinds: Vec<OfKind>,
    /// By group, what it is given.
    selected: Vec<Selected>,
    /// The groups that are given something.
    touched: Vec<u32>,
    /// The alternatives that an event may meet.
    hits: Vec<Term>,
}

/// What a group is given of a batch.
#[derive(Default)]
pub(super) struct Selected {
    /// The places of the events.
    pub(super) events: Vec<u32>,
    /// For each of them the bits of the subscriptions that it passed, in so many words.
    pub(super) passed: Vec<u64>,
    pub(super) words: usize,
}

/// A subscription of a group.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Subscriber {
    group: u32,
    number: u32,
}

/// Events of a kind.
#[derive(Default)]
struct OfKind {
    fields: Vec<(FieldRef, FieldIndex)>,
    terms: Vec<Alternative>,
    /// Those that any event may meet.
    open: Vec<Term>,
    /// Who wants all of them.
    all: Vec<Subscriber>,
    /// Events so far, so that it is known of which one an alternative was seen.
    events: u64,
}

/// Something that groups want.
struct Alternative {
    /// What is still to be looked at, where it was found; nothing where that says it all.
    check: Option<Sieve>,
    wanted_by: Vec<Subscriber>,
    /// The last event for which it was looked at.
    seen: u64,
}

/// Of a kind, in the making.
#[derive(Default)]
struct Plan {
    terms: BTreeMap<Condition, Vec<Subscriber>>,
    all: Vec<Subscriber>,
}

impl Index {
    pub(super) fn new<'a>(groups: impl Iterator<Item = &'a Asked>) -> Self {
        let (mut plans, mut selected) = (BTreeMap::<Kind, Plan>::new(), Vec::new());
        for (group, asked) in (0..).zip(groups) {
            for (wanted, numbers) in asked.wanted.iter().zip(&asked.by) {
                let plan = plans.entry(wanted.kind).or_default();
                let subscribers = || numbers.iter().map(|number| Subscriber { group, number: *number });
                match &wanted.condition {
                    None => plan.all.extend(subscribers()),
                    Some(condition) => {
                        for term in cover::alternatives(condition) {
                            plan.terms.entry(term).or_default().extend(subscribers());
                        }
                    }
                }
            }
            selected.push(Selected { words: asked.words(), ..Selected::default() });
        }
        let mut kinds = Vec::new();
        for (kind, plan) in plans {
            let number = usize::from(kind.number());
            if kinds.len() <= number {
                kinds.resize_with(number + 1, OfKind::default);
            }
            kinds[number] = OfKind::new(kind, plan);
        }
        Self { kinds, selected, touched: Vec::new(), hits: Vec::new() }
    }

    /// The groups for which there is something among these events, each with what it is given.
    pub(super) fn select(
        &mut self,
        events: &[Event],
        lists: &Snapshot,
    ) -> impl Iterator<Item = (usize, &Selected)> + use<'_> {
        let Self { kinds, selected, touched, hits } = self;
        for group in touched.drain(..) {
            selected[group as usize].clear();
        }
        for (place, event) in (0..).zip(events) {
            let Some(kind) = kinds.get_mut(usize::from(event.kind.number())) else { continue };
            kind.find(&Listed { event, lists }, hits, &mut |Subscriber { group, number }| {
                let Some(selected) = selected.get_mut(group as usize) else { return };
                if selected.events.is_empty() {
                    touched.push(group);
                }
                selected.take(place, number);
            });
        }
        touched.sort_unstable();
        let selected = &*selected;
        touched.iter().filter_map(|group| Some((*group as usize, selected.get(*group as usize)?)))
    }
}

impl Selected {
    fn clear(&mut self) {
        self.events.clear();
        self.passed.clear();
    }

    /// An event passed a subscription. Events come in their order.
    #[inline]
    fn take(&mut self, place: u32, number: u32) {
        if self.events.last() != Some(&place) {
            self.events.push(place);
            self.passed.resize(self.events.len() * self.words, 0);
        }
        let last = self.passed.len().wrapping_sub(self.words);
        if let Some(word) = self.passed.get_mut(last.wrapping_add(number as usize / 64)) {
            *word |= 1 << (number % 64);
        }
    }
}

impl OfKind {
    fn new(kind: Kind, plan: Plan) -> Self {
        let mut fields = BTreeMap::<FieldRef, Vec<(Trait, Term)>>::new();
        let (mut terms, mut open) = (Vec::new(), Vec::new());
        for (number, (condition, mut wanted_by)) in (0..).zip(plan.terms) {
            let cover::Term { cover, check } = cover::Term::of(kind, &condition);
            match cover {
                None => open.push(number),
                Some(Cover { traits, .. }) => {
                    for (field, is) in traits {
                        fields.entry(field).or_default().push((is, number));
                    }
                }
            }
            // What stands twice in a condition is there twice, one after the other.
            wanted_by.dedup();
            terms.push(Alternative { check, wanted_by, seen: 0 });
        }
        let fields = fields.into_iter().map(|(field, traits)| (field, FieldIndex::new(traits))).collect();
        Self { fields, terms, open, all: plan.all, events: 0 }
    }

    /// Says who wants the event; one may be said more than once.
    #[inline]
    fn find(&mut self, event: &Listed<'_>, hits: &mut Vec<Term>, wants: &mut impl FnMut(Subscriber)) {
        let Self { fields, terms, open, all, events } = self;
        *events += 1;
        hits.clear();
        for (field, index) in fields {
            if let Some(value) = event.value(field) {
                index.find(value, event.lists, &mut |term| hits.push(term));
            }
        }
        for term in hits.iter().chain(&*open) {
            let Some(Alternative { check, wanted_by, seen }) = terms.get_mut(*term as usize) else { continue };
            if std::mem::replace(seen, *events) == *events {
                continue;
            }
            if check.as_ref().is_none_or(|check| check.wants(event)) {
                wanted_by.iter().for_each(|subscriber| wants(*subscriber));
            }
        }
        all.iter().for_each(|subscriber| wants(*subscriber));
    }
}
