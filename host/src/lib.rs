//! Lanner: runtime detection for Linux.
//!
//! The kernel tells what happens ([`source`]), each event gets the process behind it ([`enrich`]), batches of them
//! ([`frame`]) are judged by WebAssembly packs ([`engine`], [`pack`]), and what these find goes out ([`sink`]).
//! [`pipeline`] joins the stages. `docs/` has the book.

#![forbid(unsafe_code)]

pub mod cli;
pub mod control;
pub mod doctor;
pub mod engine;
pub mod enrich;
pub mod frame;
pub mod pack;
pub mod pipeline;
pub mod severity;
pub mod sink;
pub mod source;
