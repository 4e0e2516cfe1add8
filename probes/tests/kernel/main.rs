//! The probes on the running kernel: do something, see exactly the event of it.
//!
//! Needs root. Where that or BPF is missing a test says that it is skipped; with LANNER_REQUIRE_KERNEL=1 it fails.

mod attributes;
mod child;
#[cfg(target_arch = "x86_64")]
mod compat;
mod execs;
mod file;
mod forks;
mod identity;
mod io_uring;
mod kernel_code;
mod lookups;
mod memory;
mod mounts;
mod names;
mod network;
mod others;
mod paths;
mod process;
mod rings;
mod sockets;
mod verifier;
mod watch;
