//! Containers: which control group is whose, and what their runtimes know of them.

mod details;
mod groups;
mod identity;
mod state;

pub use identity::{Identity, identify};

pub(crate) use details::Details;
pub(crate) use groups::groups;
