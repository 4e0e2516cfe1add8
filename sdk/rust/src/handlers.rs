//! Handlers, and the way of a frame's events to them.
//!
//! A handler is stored as a loop over events, made where its closure's type is known: the loop and the closure become one
//! function, and an event costs no call. Where several handlers want one kind, the loop runs once an event.

use std::rc::Rc;

use lanner_abi::{ConnectEvent, Event, ExecEvent, ExitEvent, ForkEvent, Frame, Kind, LossEvent, OpenEvent};

use crate::filter::Literal;
use crate::finding::{Out, Sink};

/// The next events of a frame.
type Events<'a> = lanner_abi::Events<'a>;

/// Takes events, at most so many, as long as they are of the first one's kind.
type Run<P> = dyn Fn(&mut P, &mut Events<'_>, usize, &dyn Sink);

type OnTick<P> = dyn Fn(&mut P, u64, &mut Out<'_>);

/// What a handler belongs to, and what it wants to see.
#[derive(Clone)]
pub(crate) struct Wants {
    pub(crate) rule: u32,
    pub(crate) filters: Rc<[Literal]>,
}

impl Wants {
    /// The host hands over what any of the pack's handlers wants; each is given only what it asked for itself.
    #[inline]
    fn passes(&self, event: &Event<'_>) -> bool {
        self.filters.iter().all(|filter| filter.passes(event))
    }

    #[inline]
    fn out<'a>(&self, event: &Event<'_>, sink: &'a dyn Sink) -> Out<'a> {
        Out { sink, rule: self.rule, event: Some(event.seq()) }
    }
}

/// A handler of a rule, for one kind. They are `Fn`: what they remember belongs into the pack's state, where a reload
/// keeps it.
struct Handler<P> {
    filters: Rc<[Literal]>,
    run: Rc<Run<P>>,
}

macro_rules! handlers {
    ($($kind:ident $list:ident $view:ident $as:ident $add:ident;)*) => {
        /// The handlers of all rules, by kind.
        pub(crate) struct Handlers<P> {
            $($list: Vec<Handler<P>>,)*
            tick: Vec<(u32, Box<OnTick<P>>)>,
        }

        impl<P> Default for Handlers<P> {
            fn default() -> Self {
                Self { $($list: Vec::new(),)* tick: Vec::new() }
            }
        }

        impl<P> Handlers<P> {
            fn of(&self, kind: Kind) -> &[Handler<P>] {
                match kind {
                    $(Kind::$kind => &self.$list,)*
                    _ => &[],
                }
            }

            fn of_mut(&mut self, kind: Kind) -> Option<&mut Vec<Handler<P>>> {
                match kind {
                    $(Kind::$kind => Some(&mut self.$list),)*
                    _ => None,
                }
            }

            $(
                pub(crate) fn $add(
                    &mut self,
                    wants: Wants,
                    handle: impl Fn(&mut P, &$view<'_>, &mut Out<'_>) + 'static,
                ) {
                    let filters = wants.filters.clone();
                    let run = move |state: &mut P, events: &mut Events<'_>, limit: usize, sink: &dyn Sink| {
                        for _ in 0..limit {
                            let mut after = events.clone();
                            let Some(event) = after.next() else { return };
                            if event.kind_number() != Kind::$kind.number() {
                                return;
                            }
                            *events = after;
                            if wants.passes(&event)
                                && let Some(view) = event.$as()
                            {
                                handle(state, &view, &mut wants.out(&event, sink));
                            }
                        }
                    };
                    self.$list.push(Handler { filters, run: Rc::new(run) });
                }
            )*
        }
    };
}

handlers! {
    Exec exec ExecEvent as_exec add_exec;
    Fork fork ForkEvent as_fork add_fork;
    Exit exit ExitEvent as_exit add_exit;
    Open open OpenEvent as_open add_open;
    Connect connect ConnectEvent as_connect add_connect;
    Loss loss LossEvent as_loss add_loss;
}

impl<P> Handlers<P> {
    pub(crate) fn add_any(
        &mut self,
        wants: Wants,
        kinds: impl IntoIterator<Item = Kind>,
        handle: impl Fn(&mut P, &Event<'_>, &mut Out<'_>) + 'static,
    ) {
        let filters = wants.filters.clone();
        let run = move |state: &mut P, events: &mut Events<'_>, limit: usize, sink: &dyn Sink| {
            let kind = events.clone().next().map(|event| event.kind_number());
            for _ in 0..limit {
                let mut after = events.clone();
                let Some(event) = after.next().filter(|event| Some(event.kind_number()) == kind) else { return };
                *events = after;
                if wants.passes(&event) {
                    handle(state, &event, &mut wants.out(&event, sink));
                }
            }
        };
        let run: Rc<Run<P>> = Rc::new(run);
        for kind in kinds {
            if let Some(list) = self.of_mut(kind) {
                list.push(Handler { filters: filters.clone(), run: run.clone() });
            }
        }
    }

    pub(crate) fn add_tick(&mut self, rule: u32, handle: impl Fn(&mut P, u64, &mut Out<'_>) + 'static) {
        self.tick.push((rule, Box::new(handle)));
    }

    /// The kinds that are wanted, and with which filters: once a handler.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = (Kind, &[Literal])> {
        Kind::ALL.into_iter().flat_map(|kind| self.of(kind).iter().map(move |handler| (kind, &*handler.filters)))
    }

    /// Hands each event to its handlers, in order.
    pub(crate) fn handle(&self, state: &mut P, frame: &Frame<'_>, sink: &dyn Sink) {
        let mut events = frame.events();
        loop {
            let mut after = events.clone();
            let Some(event) = after.next() else { return };
            match event.kind().map_or(&[][..], |kind| self.of(kind)) {
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
        for (rule, handle) in &self.tick {
            handle(state, now, &mut Out { sink, rule: *rule, event: None });
        }
    }
}
