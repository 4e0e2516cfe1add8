//! Handlers, and the way of a frame's events to them.
//!
//! A handler is stored as a loop over events, made where its closure's type is known: the loop and the closure become one
//! function, and an event costs no call. Where several handlers want one kind, the loop runs once an event.

use std::rc::Rc;

use lanner_abi::{Event, Frame, Kind};
use lanner_contract::{Filter, Sieve, Subscription, Wanted};

use crate::filter::scope::OneKind;
use crate::finding::{Out, Sink};

/// The next events of a frame.
type Events<'a> = lanner_abi::Events<'a>;

/// Takes events, at most so many, as long as they are of the first one's kind.
type Run<P> = dyn Fn(&mut P, &mut Events<'_>, usize, &dyn Sink);

type OnTick<P> = dyn Fn(&mut P, u64, &mut Out<'_>);

/// What a handler belongs to, and what it wants to see; everything where there is no filter.
pub(crate) struct Wants {
    pub(crate) rule: u32,
    pub(crate) filter: Option<Filter>,
}

/// The same, ready to be compared with events.
struct Gate {
    rule: u32,
    sieve: Option<Sieve>,
}

/// A handler of a rule. They are `Fn`: what they remember belongs into the pack's state, where a reload keeps it.
struct Handler<P> {
    rule: u32,
    run: Rc<Run<P>>,
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
        let wanted = || kinds.iter().map(|kind| Wanted::of(&self.of(*kind))).collect::<Result<Vec<_>, _>>();
        let sieve = self.filter.as_ref().map(|_| wanted().map(|wanted| Sieve::new(&wanted)).unwrap_or_default());
        Gate { rule: self.rule, sieve }
    }
}

impl Gate {
    /// The host hands over what any of the pack's handlers wants; each is given only what it asked for itself.
    #[inline]
    fn passes(&self, event: &Event<'_>) -> bool {
        self.sieve.as_ref().is_none_or(|sieve| sieve.wants(event))
    }

    #[inline]
    fn out<'a>(&self, event: &Event<'_>, sink: &'a dyn Sink) -> Out<'a> {
        Out { sink, rule: self.rule, event: Some(event.seq()) }
    }
}

impl<P> Clone for Handler<P> {
    fn clone(&self) -> Self {
        Self { rule: self.rule, run: self.run.clone() }
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
        let run = move |state: &mut P, events: &mut Events<'_>, limit: usize, sink: &dyn Sink| {
            for _ in 0..limit {
                let mut after = events.clone();
                let Some(event) = after.next() else { return };
                if event.kind_number() != K::KIND.number() {
                    return;
                }
                *events = after;
                if gate.passes(&event)
                    && let Some(view) = K::view(&event)
                {
                    handle(state, &view, &mut gate.out(&event, sink));
                }
            }
        };
        let run: Rc<Run<P>> = Rc::new(run);
        self.keep(&[K::KIND], wants, &run);
    }

    /// Adds a handler for several kinds.
    pub(crate) fn add_any(
        &mut self,
        wants: Wants,
        kinds: &[Kind],
        handle: impl Fn(&mut P, &Event<'_>, &mut Out<'_>) + 'static,
    ) {
        let gate = wants.gate(kinds);
        let run = move |state: &mut P, events: &mut Events<'_>, limit: usize, sink: &dyn Sink| {
            let kind = events.clone().next().map(|event| event.kind_number());
            for _ in 0..limit {
                let mut after = events.clone();
                let Some(event) = after.next().filter(|event| Some(event.kind_number()) == kind) else { return };
                *events = after;
                if gate.passes(&event) {
                    handle(state, &event, &mut gate.out(&event, sink));
                }
            }
        };
        let run: Rc<Run<P>> = Rc::new(run);
        self.keep(kinds, wants, &run);
    }

    pub(crate) fn add_tick(&mut self, rule: u32, handle: impl Fn(&mut P, u64, &mut Out<'_>) + 'static) {
        self.tick.push((rule, Box::new(handle)));
    }

    fn keep(&mut self, kinds: &[Kind], wants: Wants, run: &Rc<Run<P>>) {
        let Wants { rule, filter } = wants;
        for kind in kinds {
            let handler = Handler { rule, run: run.clone() };
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
