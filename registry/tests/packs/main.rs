//! What the registry knows of packs, asked of the real program; the pages in a real browser.

#![forbid(unsafe_code)]

mod browser;
mod gate;
mod index;
mod page;
mod search;
mod server;
mod signatures;
#[path = "../support/mod.rs"]
mod support;
mod validation;
