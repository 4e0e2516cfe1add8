//! The host: its log, and its lists. Where there is none, standard error, and what a test says is in them.

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::export::wasm::{is_listed, say};

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::testing::is_listed;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn say(level: crate::log::Level, message: &str) {
    eprintln!("{level:?}: {message}");
}
