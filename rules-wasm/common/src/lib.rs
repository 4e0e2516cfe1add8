//! What the shipped packs share: which programs are which and whose a file is, what a process is about, how files are called and how a call
//! ended. No rules, no state.

pub mod changes;
pub mod command;
pub mod contained;
pub mod context;
pub mod escape;
pub mod families;
pub mod files;
pub mod opens;
pub mod outcome;
pub mod owners;
pub mod peers;
pub mod programs;
pub mod reading;
pub mod roots;
pub mod tools;
