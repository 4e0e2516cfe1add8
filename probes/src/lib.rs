//! Lanner's kernel side: the probes, and their loading, attaching and decoding.
//!
//! The probes are C with CO-RE (`src/bpf/`), built ahead into `objects/` and embedded, so that building this crate needs
//! no clang. [`Probes`] loads and attaches them, [`Reader`] hands out what they tell as [`RawEvent`]s.
//!
//! Needs Linux 5.15 with BTF, and root or CAP_BPF with CAP_PERFMON. The probes see the whole machine, 32-bit
//! system calls too, but not what is submitted through io_uring.

#![forbid(unsafe_code)]

mod clock;
pub mod decode;
mod error;
pub mod event;
mod filter;
mod generated;
mod held;
mod hooks;
pub mod host;
mod load;
mod reader;
mod symbols;

pub use clock::boot_time_ns;
pub use decode::DecodeError;
pub use error::ProbeError;
pub use event::{Keys, RawEvent, Standing, Task};
pub use load::{Counts, DEFAULT_RING_BYTES, ProbeConfig, Probes, ProgramFacts};
pub use reader::Reader;
