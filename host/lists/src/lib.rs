//! Lists that packs go by. What is in one stands once in the host, whoever asks for it: packs have the defaults that they bring
//! along, operators replace or extend these, and what they give is read anew when it changes, without any pack being touched.
//!
//! A list is looked up in a [`Snapshot`]: all lists as they are at a time. A batch is judged by one.

#![forbid(unsafe_code)]

mod document;
mod given;
mod layers;
mod lists;
mod members;
mod networks;
mod texts;
mod watch;

pub use document::{Form, MAX_BYTES, Wrong};
pub use given::{File, Folder, FolderError, Given, ListName, Origin, Stamp, Way, Written};
pub use lists::{Bound, ListError, ListStatus, Lists, Looked, Snapshot};
pub use members::{Builder, MAX_ENTRIES, Members};
pub use watch::Watch;
