//! The control socket: how others on this machine see how a host stands, and steer it.
//!
//! A client writes lines that ask, and reads lines that answer; each is a JSON object. Only root, and who runs the host,
//! is answered.

mod claim;
mod client;
mod connection;
mod listen;
mod protocol;
mod serve;
mod tail;

pub use claim::{Claim, ClaimError};
pub use client::{Client, ClientError, HangUp};
pub use protocol::{Answer, Ask, MAX_REQUEST, PROTOCOL, Request, Sought};
pub use tail::{Followers, Next, Queue};

pub(crate) use serve::{Desk, serve};

/// Where the socket is when nothing else is said.
pub const DEFAULT_PATH: &str = "/run/lanner/lanner.sock";
