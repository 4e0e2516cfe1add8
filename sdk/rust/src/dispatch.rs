//! A pack that runs: its state and its rules, as the contract asks for them.

use lanner_abi::{Frame, FrameError};
use lanner_contract::{Configuration, Description};

use crate::finding::Sink;
use crate::handlers::Handlers;
use crate::pack::Pack;
use crate::rules::Rules;
use crate::settings::Settings;

/// A pack of whatever type.
pub(crate) trait Evaluate {
    fn describe(&self) -> &Description;
    fn configure(&mut self, told: &Configuration) -> Result<(), String>;
    fn evaluate(&mut self, frame: &[u8], sink: &dyn Sink) -> Result<(), FrameError>;
    fn tick(&mut self, now: u64, sink: &dyn Sink);
    fn save(&self) -> Vec<u8>;
    fn restore(&mut self, state: &[u8], version: &str) -> Result<(), String>;
}

pub(crate) struct Running<P> {
    state: P,
    handlers: Handlers<P>,
    description: Description,
}

impl<P: Pack> Running<P> {
    pub(crate) fn new() -> Self {
        let mut added = Rules::new();
        P::rules(&mut added);
        added.end();
        let Rules { mut rules, settings, lists, handlers, .. } = added;
        for (index, rule) in (0..).zip(&mut rules) {
            rule.events = handlers.wanted(index);
        }
        handlers.number(&rules);
        let description = Description {
            name: P::INFO.name.to_owned(),
            version: P::INFO.version.to_owned(),
            summary: P::INFO.summary.to_owned(),
            rules,
            settings,
            lists,
            properties: vec![("sdk".to_owned(), concat!("rust/", env!("CARGO_PKG_VERSION")).to_owned())],
        };
        Self { state: P::default(), handlers, description }
    }
}

impl<P: Pack> Evaluate for Running<P> {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn configure(&mut self, told: &Configuration) -> Result<(), String> {
        let settings = Settings::new(&self.description.settings, told)?;
        self.handlers.turn_off(&told.off);
        self.state.configure(&settings)
    }

    fn evaluate(&mut self, frame: &[u8], sink: &dyn Sink) -> Result<(), FrameError> {
        self.handlers.handle(&mut self.state, &Frame::parse(frame)?, sink);
        Ok(())
    }

    fn tick(&mut self, now: u64, sink: &dyn Sink) {
        self.handlers.tick(&mut self.state, now, sink);
    }

    fn save(&self) -> Vec<u8> {
        self.state.save()
    }

    fn restore(&mut self, state: &[u8], version: &str) -> Result<(), String> {
        if state.is_empty() { Ok(()) } else { self.state.restore(state, version) }
    }
}
