//! What the author of a rule works with: builds, checks, tests, explains and measures packs, all by the engine that runs them in
//! a host.

#![forbid(unsafe_code)]

pub mod bench;
pub mod build;
pub mod check;
pub mod coverage;
pub mod dev;
pub mod event;
pub mod explain;
pub mod language;
pub mod new;
pub mod pack;
mod stage;
pub mod suite;

pub use lanner_document as document;
pub use stage::{log_line, printable};
