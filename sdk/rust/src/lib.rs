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
mod lists;
pub mod log;
pub mod matching;
mod pack;
mod rules;
mod settings;
pub mod state;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use export::generated_by_export_pack;
pub use finding::{FindingBuilder, Out};
/// The events, and what else a frame holds.
pub use lanner_abi as abi;
pub use lanner_contract::{Fact, SettingType, SettingValue, Severity};
pub use lists::{List, ListBuilder};
pub use pack::{Pack, PackInfo};
pub use rules::{Rule, Rules};
pub use settings::{SettingBuilder, Settings};

/// All that a pack needs, in one line: `use lanner_sdk::prelude::*;`.
pub mod prelude {
    pub use crate::Severity::{Critical, High, Info, Low, Medium};
    pub use crate::filter::fields::*;
    pub use crate::matching::{Networks, TextSet};
    pub use crate::{Out, Pack, PackInfo, Rules, Settings, Severity, export_pack, log, pack_info};
    pub use lanner_abi::{Container, Event, Kind, Payload, Process, Text};

    macro_rules! views {
        ($($name:ident $kind:ident $view:ident $as:ident $on:ident $doc:literal;)*) => {
            pub use lanner_abi::{$($view),*};
        };
    }

    lanner_abi::for_each_kind!(views);
}

/// Says what a pack is, with the version of its crate: `pack_info!("name", "summary")`.
#[macro_export]
macro_rules! pack_info {
    ($name:expr, $summary:expr $(,)?) => {
        $crate::PackInfo { name: $name, version: ::core::env!("CARGO_PKG_VERSION"), summary: $summary }
    };
}
