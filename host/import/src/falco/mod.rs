//! Falco's rules.

mod compile;
mod events;
mod fields;
pub mod grammar;
mod lower;
pub mod merge;
mod output;
mod values;
pub mod yaml;

pub(crate) use compile::compile;
pub(crate) use events::{EVENTS, Is};
pub use fields::NAMES;

/// What Falco calls events of a kind, where it has them.
pub fn event_type(kind: lanner_abi::Kind) -> Option<&'static str> {
    events::of(kind).map(|called| called.shown)
}
