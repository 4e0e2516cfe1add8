//! Watching over the host itself: what the machine offers it, and whether its rules see what happens.

#![forbid(unsafe_code)]

pub mod doctor;
pub mod limits;
pub mod self_test;
