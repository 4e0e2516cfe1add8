//! The third version of the counter.

/// Whether it refuses the state of the version before.
const REFUSES: bool = true;

include!("../../counter.rs");
