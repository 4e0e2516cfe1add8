//! What servers of Lanner's have in common towards their clients: who can log in, and how slowly passwords are guessed;
//! certificates that are read again when they change; clients that take nothing of what they are sent.

#![forbid(unsafe_code)]

mod client;
mod crowd;
mod failures;
mod forgetful;
mod htpasswd;
mod logins;
mod password;
mod patient;
mod tls;

pub use client::Client;
pub use crowd::{Crowd, Place};
pub use htpasswd::{ANONYMOUS, Hash, HtpasswdError, LOGGED_IN, Users};
pub use logins::{LoginError, Logins};
pub use password::{PasswordError, hash_password, htpasswd_line};
pub use patient::{NotTaken, Patient};
pub use tls::{Certificate, Tls, TlsError};
