//! The first version of the counter.

/// Whether it refuses the state of the version before.
const REFUSES: bool = false;

include!("../../counter.rs");
