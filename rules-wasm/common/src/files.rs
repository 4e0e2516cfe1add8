//! How files are called.

use lanner_sdk::prelude::*;

/// What an opened file is called in a message.
pub fn file(e: &OpenEvent<'_>) -> String {
    match e.host_path() {
        host_path if host_path.is_known() => format!("{} (on the host {host_path})", e.path()),
        _ => e.path().to_string(),
    }
}
