//! The real server, from outside.

mod hostile;
mod memory;
mod numbers;
mod proxied;
mod shutdown;
mod slow;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod verbs;
