//! A pack that runs: its state and its rules, as the contract asks for them.

#[cfg(not(target_arch = "wasm32"))]
use lanner_abi::Event;
use lanner_abi::{Frame, FrameError, Kind};

use crate::filter::Literal;
use crate::finding::Sink;
use crate::pack::{Pack, PackInfo, Settings};
use crate::rules::{RuleInfo, Rules};

/// A pack of whatever type.
pub(crate) trait Evaluate {
    fn describe(&self) -> Description;
    fn configure(&mut self, settings: &Settings) -> Result<(), String>;
    fn evaluate(&mut self, frame: &[u8], sink: &dyn Sink) -> Result<(), FrameError>;
    fn tick(&mut self, now: u64, sink: &dyn Sink);
    fn save(&self) -> Vec<u8>;
    fn restore(&mut self, state: &[u8], version: &str) -> Result<(), String>;
}

pub(crate) struct Running<P> {
    state: P,
    rules: Rules<P>,
}

/// What a pack says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Description {
    pub(crate) info: PackInfo,
    pub(crate) rules: Vec<RuleInfo>,
    pub(crate) subscriptions: Vec<Subscription>,
}

/// Asks for the events of a kind that pass all filters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) kind: Kind,
    pub(crate) filters: Vec<Literal>,
}

impl Subscription {
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn wants(&self, event: &Event<'_>) -> bool {
        event.kind() == Some(self.kind) && self.filters.iter().all(|filter| filter.passes(event))
    }
}

impl<P: Pack> Running<P> {
    pub(crate) fn new() -> Self {
        let mut rules = Rules::new();
        P::rules(&mut rules);
        Self { state: P::default(), rules }
    }

    /// What the handlers want, each once. Where one wants all of a kind, the others' filters change nothing.
    fn subscriptions(&self) -> Vec<Subscription> {
        let wanted = || self.rules.handlers.wanted();
        let mut subscriptions: Vec<Subscription> = Vec::new();
        for (kind, filters) in wanted() {
            let all = wanted().any(|(other, filters)| other == kind && filters.is_empty());
            let filters = if all { Vec::new() } else { filters.to_vec() };
            let subscription = Subscription { kind, filters };
            if !subscriptions.contains(&subscription) {
                subscriptions.push(subscription);
            }
        }
        subscriptions
    }
}

impl<P: Pack> Evaluate for Running<P> {
    fn describe(&self) -> Description {
        Description { info: P::INFO, rules: self.rules.rules.clone(), subscriptions: self.subscriptions() }
    }

    fn configure(&mut self, settings: &Settings) -> Result<(), String> {
        self.state.configure(settings)
    }

    fn evaluate(&mut self, frame: &[u8], sink: &dyn Sink) -> Result<(), FrameError> {
        self.rules.handlers.handle(&mut self.state, &Frame::parse(frame)?, sink);
        Ok(())
    }

    fn tick(&mut self, now: u64, sink: &dyn Sink) {
        self.rules.handlers.tick(&mut self.state, now, sink);
    }

    fn save(&self) -> Vec<u8> {
        self.state.save()
    }

    fn restore(&mut self, state: &[u8], version: &str) -> Result<(), String> {
        if state.is_empty() { Ok(()) } else { self.state.restore(state, version) }
    }
}
