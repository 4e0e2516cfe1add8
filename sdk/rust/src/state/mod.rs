//! State: how it is carried over a reload, and how it stays small.

mod recent;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use recent::Recent;

/// The state as bytes, for [`Pack::save`](crate::Pack::save): JSON, so that the next version may have more fields.
///
/// # Panics
///
/// Where the state cannot be JSON (a map whose keys are not strings or numbers). The host then starts the
/// next version without a state, and says why.
#[must_use]
pub fn to_bytes<T: Serialize + ?Sized>(state: &T) -> Vec<u8> {
    match serde_json::to_vec(state) {
        Ok(bytes) => bytes,
        Err(error) => panic!("the state cannot be saved: {error}"),
    }
}

/// The state from what [`to_bytes`] made, for [`Pack::restore`](crate::Pack::restore).
///
/// # Errors
///
/// Where the bytes are not such a state.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| format!("the saved state cannot be read: {error}"))
}
