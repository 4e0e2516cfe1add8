//! The probes on the running kernel: do something, see exactly the event of it.
//!
//! Needs root. Where that or BPF is missing a test says that it is skipped; with LANNER_REQUIRE_KERNEL=1 it fails.

mod file;
mod network;
mod process;
mod verifier;
mod watch;
