//! The host's log, or where there is no host, standard error.

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::export::wasm::say;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn say(level: crate::log::Level, message: &str) {
    eprintln!("{level:?}: {message}");
}
