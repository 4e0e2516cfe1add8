//! What a pack says of itself, what it is told, and what it raises: descriptions, configurations and findings, and the
//! filters of subscriptions.
//!
//! They travel as CBOR maps with names for keys (docs/contract.md). They grow by new keys: a reader passes over those that
//! it does not know, and where one is missing takes what is said here. So a pack runs on every later host, and of a pack
//! that is newer than its host only the rules that need what is missing are left out.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod cbor;
mod check;
mod configuration;
mod description;
mod field;
pub mod filter;
mod finding;
pub mod list;
pub mod named;
mod severity;
pub mod sieve;

pub use cbor::Malformed;
pub use check::{Checked, Condition, LeftOut, Nonsense, Wanted};
pub use configuration::Configuration;
pub use description::{Description, Rule, Subscription};
pub use field::{FieldRef, Glimpse, Glimpsed, Happening, Missing, Scope};
pub use filter::Filter;
pub use finding::{Fact, Finding};
pub use list::{List, ListType};
pub use severity::Severity;
pub use sieve::Sieve;

mod setting;
pub use setting::{Setting, SettingType, SettingValue};
