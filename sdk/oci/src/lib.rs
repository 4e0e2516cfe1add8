//! A registry as its clients see it (OCI distribution specification 1.1): requests, who asks, and what of an answer counts.
//! The host pulls packs with it, and the registry's mirrors what they stand before.
//!
//! What a registry sends is hostile until it is verified. So each answer has a bound in bytes; credentials and tokens go to
//! the registry itself, and to the token server that it names itself: who answers after a redirect asks for nothing, and a
//! request for a token is not redirected at all. How long something may take is the caller's affair.

#![forbid(unsafe_code)]

mod auth;
mod client;
mod credential;
mod link;
mod tls;
mod words;

pub use auth::Challenge;
pub use client::{Client, Options, is_loopback};
pub use credential::{Ask, Credential, Nobody, Scope, Who};
pub use link::next_page;
pub use tls::CertificatesError;

/// A registry did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It cannot be reached, or the connection broke.
    #[error("{0}")]
    Unreachable(String),
    /// It does not answer in time.
    #[error("it does not answer in time")]
    Silent,
    /// It wants to know who asks, and there is nothing that it takes.
    #[error("it does not take who asks")]
    Unauthorised,
    /// It does not speak as registries do.
    #[error("{0}")]
    Malformed(String),
    /// It sends more than it may.
    #[error("it sends more than {0} bytes")]
    TooLong(u64),
    /// There are no credentials to be had.
    #[error("{0}")]
    NoCredential(String),
}
