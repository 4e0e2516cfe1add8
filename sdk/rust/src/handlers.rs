//! Handlers, and the way of a frame's events to them.
//!
//! A handler is stored as a loop over events, made where its closure's type is known: the loop and the closure become one
//! function, and an event costs no call. Where several handlers want one kind, the loop runs once an event.

use std::cell::Cell;
use std::rc::Rc;

use lanner_abi::{Event, Frame, Kind};
use lanner_contract::{Filter, List, Rule, Sieve, Subscription, Wanted};

use crate::filter::scope::OneKind;
use crate::finding::{Out, Sink};
use crate::lists::Asking;

/// The next events of a frame.
type Events<'a> = lanner_abi::Events<'a>;

/// Takes events, at most so many, as long as they are of the first one's kind.
type Run<P> = dyn Fn(&mut P, &mut Events<'_>, usize, &dyn Sink);

type OnTick<P> = dyn Fn(&mut P, u64, &mut Out<'_>);

/// What a handler belongs to, and what it wants to see; everything where there is no filter.
pub(crate) struct Wants {
    pub(crate) rule: u32,
    pub(crate) filter: Option<Filter>,
    /// The lists of the pack, as far as they are there; without their entries.
    pub(crate) lists: Vec<List>,
}

/// The same, ready to be compared with events.
struct Gate {
    rule: u32,
    sieve: Option<Sieve>,
    numbers: Rc<[Number]>,
}

/// By which number the host knows what a handler wants of a kind. It may not: where another handler of the rule wants all of
/// the kind, the rule asked for that.
struct Number {
    kind: u16,
    subscription: Cell<Option<u32>>,
}

/// A handler of a rule. They are `Fn`: what they remember belongs into the pack's state, where a reload keeps it.
struct Handler<P> {
    rule: u32,
    run: Rc<Run<P>>,
    numbers: Rc<[Number]>,
}

/// The handlers of all rules.
pub(crate) struct Handlers<P> {
    /// What each asked for, as they were added.
    all: Vec<(Kind, Option<Filter>, Handler<P>)>,
    /// Those that run, by the number of their kind.
    on: Vec<Vec<Handler<P>>>,
    tick: Vec<(u32, Box<OnTick<P>>)>,
    off: Vec<u32>,
}

impl Wants {
    fn of(&self, kind: Kind) -> Subscription {
        Subscription { kind: kind.name().to_owned(), filter: self.filter.clone() }
    }

    /// What makes no sense lets nothing through; who describes the pack says so.
    fn gate(&self, kinds: &[Kind]) -> Gate {
        let wanted =
            || kinds.iter().map(|kind| Wanted::of(&self.of(*kind), &self.lists)).collect::<Result<Vec<_>, _>>();
        let sieve = self.filter.as_ref().map(|_| wanted().map(|wanted| Sieve::new(&wanted)).unwrap_or_default());
        let number = |kind: &Kind| Number { kind: kind.number(), subscription: Cell::new(None) };
        Gate { rule: self.rule, sieve, numbers: kinds.iter().map(number).collect() }
    }
}

impl Gate {
    /// The number of what it wants of a kind.
    fn number(&self, kind: u16) -> Option<u32> {
        self.numbers.iter().find(|number| number.kind == kind)?.subscription.get()
    }

    /// The host hands over what any of the pack's handlers wants; each is given only what it asked for itself. Which that is
    /// the host may have said: `events` stand before the event, and `number` is that of what is wanted of its kind.
    #[inline]
    fn passes(&self, number: Option<u32>, events: &Events<'_>, event: &Event<'_>) -> bool {
        let Some(sieve) = &self.sieve else { return true };
        number.and_then(|number| events.passed(number)).unwrap_or_else(|| sieve.wants(&Asking(event)))
    }

    #[inline]
    fn out<'a>(&self, event: &Event<'_>, sink: &'a dyn Sink) -> Out<'a> {
        Out { sink, rule: self.rule, event: Some(event.seq()) }
    }
}

impl<P> Clone for Handler<P> {
    fn clone(&self) -> Self {
        Self { rule: self.rule, run: self.run.clone(), numbers: self.numbers.clone() }
    }
}

impl<P> Default for Handlers<P> {
    fn default() -> Self {
        Self { all: Vec::new(), on: Vec::new(), tick: Vec::new(), off: Vec::new() }
    }
}

impl<P> Handlers<P> {
    /// Adds a handler for one kind.
    pub(crate) fn add<K: OneKind>(
        &mut self,
        wants: Wants,
        handle: impl Fn(&mut P, &K::View<'_>, &mut Out<'_>) + 'static,
    ) {
        let gate = wants.gate(&[K::KIND]);
        let numbers = gate.numbers.clone();
        let run = move |state: &mut P, events: &mut Events<'_>, limit: usize, sink: &dyn Sink| {
            let number = gate.number(K::KIND.number());
            for _ in 0..limit {
                let mut after = events.clone();
                let Some(event) = after.next() else { return };
                if event.kind_number() != K::KIND.number() {
                    return;
                }
                let passes = gate.passes(number, events, &event);
                *events = after;
                if passes && let Some(view) = K::view(&event) {
                    handle(state, &view, &mut gate.out(&event, sink));
                }
            }
        };
        let run: Rc<Run<P>> = Rc::new(run);
        self.keep(&[K::KIND], wants, &run, &numbers);
    }

    /// Adds a handler for several kinds.
    pub(crate) fn add_any(
        &mut self,
        wants: Wants,
        kinds: &[Kind],
        handle: impl Fn(&mut P, &Event<'_>, &mut Out<'_>) + 'static,
    ) {
        let gate = wants.gate(kinds);
        let numbers = gate.numbers.clone();
        let run = move |state: &mut P, events: &mut Events<'_>, limit: usize, sink: &dyn Sink| {
            let kind = events.clone().next().map(|event| event.kind_number());
            let number = kind.and_then(|kind| gate.number(kind));
            for _ in 0..limit {
                let mut after = events.clone();
                let Some(event) = after.next().filter(|event| Some(event.kind_number()) == kind) else { return };
                let passes = gate.passes(number, events, &event);
                *events = after;
                if passes {
                    handle(state, &event, &mut gate.out(&event, sink));
                }
            }
        };
        let run: Rc<Run<P>> = Rc::new(run);
        self.keep(kinds, wants, &run, &numbers);
    }

    pub(crate) fn add_tick(&mut self, rule: u32, handle: impl Fn(&mut P, u64, &mut Out<'_>) + 'static) {
        self.tick.push((rule, Box::new(handle)));
    }

    fn keep(&mut self, kinds: &[Kind], wants: Wants, run: &Rc<Run<P>>, numbers: &Rc<[Number]>) {
        let Wants { rule, filter, .. } = wants;
        for kind in kinds {
            let handler = Handler { rule, run: run.clone(), numbers: numbers.clone() };
            self.turn_on(*kind, handler.clone());
            self.all.push((*kind, filter.clone(), handler));
        }
    }

    fn turn_on(&mut self, kind: Kind, handler: Handler<P>) {
        let number = usize::from(kind.number());
        if self.on.len() <= number {
            self.on.resize_with(number + 1, Vec::new);
        }
        if let Some(handlers) = self.on.get_mut(number) {
            handlers.push(handler);
        }
    }

    /// Keeps the handlers of these rules from running, and lets all others run.
    pub(crate) fn turn_off(&mut self, off: &[u32]) {
        self.off = off.to_vec();
        self.on.clear();
        let on = self.all.iter().filter(|(.., handler)| !off.contains(&handler.rule));
        let on: Vec<_> = on.map(|(kind, _, handler)| (*kind, handler.clone())).collect();
        for (kind, handler) in on {
            self.turn_on(kind, handler);
        }
    }

    /// What the handlers of a rule want, each once. Where one wants all of a kind, the others' filters change nothing.
    pub(crate) fn wanted(&self, rule: u32) -> Vec<Subscription> {
        let wanted = || self.all.iter().filter(move |(.., handler)| handler.rule == rule);
        let mut subscriptions = Vec::new();
        for (kind, filter, _) in wanted() {
            let all = wanted().any(|(other, filter, _)| other == kind && filter.is_none());
            let filter = if all { None } else { filter.clone() };
            let subscription = Subscription { kind: kind.name().to_owned(), filter };
            if !subscriptions.contains(&subscription) {
                subscriptions.push(subscription);
            }
        }
        subscriptions
    }

    /// Notes by which numbers the host knows what handlers want: these are the rules, as it was told of them.
    pub(crate) fn number(&self, rules: &[Rule]) {
        let mut first = 0;
        for (index, rule) in (0..).zip(rules) {
            for (kind, filter, handler) in self.all.iter().filter(|(.., handler)| handler.rule == index) {
                let is_it = |asked: &Subscription| asked.kind == kind.name() && asked.filter == *filter;
                let place = rule.events.iter().position(is_it).map(|place| first + place as u32);
                if let Some(number) = handler.numbers.iter().find(|number| number.kind == kind.number()) {
                    number.subscription.set(place);
                }
            }
            first += rule.events.len() as u32;
        }
    }

    /// Hands each event to its handlers, in order.
    pub(crate) fn handle(&self, state: &mut P, frame: &Frame<'_>, sink: &dyn Sink) {
        let mut events = frame.events();
        loop {
            let mut after = events.clone();
            let Some(event) = after.next() else { return };
            match self.on.get(usize::from(event.kind_number())).map_or(&[][..], Vec::as_slice) {
                [] => events = after,
                [only] => (only.run)(state, &mut events, usize::MAX, sink),
                several => {
                    for handler in several {
                        (handler.run)(state, &mut events.clone(), 1, sink);
                    }
                    events = after;
                }
            }
        }
    }

    pub(crate) fn tick(&self, state: &mut P, now: u64, sink: &dyn Sink) {
        for (rule, handle) in self.tick.iter().filter(|(rule, _)| !self.off.contains(rule)) {
            handle(state, now, &mut Out { sink, rule: *rule, event: None });
        }
    }
}
