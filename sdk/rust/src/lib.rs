#![doc = include_str!("../README.md")]
// What is unsafe is what wit-bindgen generates, and that is there on wasm32 only.
#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]
#![cfg_attr(target_arch = "wasm32", deny(unsafe_code))]

mod dispatch;
mod export;
pub mod filter;
mod finding;
mod handlers;
mod host;
pub mod log;
mod pack;
mod rules;
pub mod state;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use export::generated_by_export_pack;
pub use finding::{FindingBuilder, Out, Severity};
/// The events, and what else a frame holds.
pub use lanner_abi as abi;
pub use pack::{Pack, PackInfo, Settings};
pub use rules::{Rule, Rules};

/// All that a pack needs, in one line: `use lanner_sdk::prelude::*;`.
pub mod prelude {
    pub use crate::Severity::{Critical, High, Info, Low, Medium};
    pub use crate::filter::{comm, exe, filename, image_exe, path, unix_path};
    pub use crate::{Out, Pack, PackInfo, Rules, Settings, Severity, export_pack, log, pack_info};
    pub use lanner_abi::{
        ConnectEvent, Event, ExecEvent, ExitEvent, ForkEvent, Kind, LossEvent, OpenEvent, Payload, Process, Text,
    };
}

/// Says what a pack is, with the version of its crate: `pack_info!("name", "summary")`.
#[macro_export]
macro_rules! pack_info {
    ($name:expr, $summary:expr $(,)?) => {
        $crate::PackInfo { name: $name, version: ::core::env!("CARGO_PKG_VERSION"), summary: $summary }
    };
}
