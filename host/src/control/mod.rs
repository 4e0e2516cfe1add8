//! Watching over the host itself.

pub mod self_test;
