//! Watching over the host itself: what the machine offers it, whether its rules see what happens, how it stands, and what
//! others may ask of it.

#![forbid(unsafe_code)]

pub mod capabilities;
pub mod doctor;
pub mod host;
pub mod limits;
mod metrics;
pub mod notify;
pub mod self_test;
pub mod socket;
pub mod status;
mod thread;
pub mod top;

pub use host::{Host, Inquiry};
pub use thread::{Control, Openings};
