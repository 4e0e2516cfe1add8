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
        Err(error) => panic!(
            "the state cannot be saved as JSON ({error}): the keys of its maps have to be texts or numbers; put what has other keys \
             into a list of pairs, or leave it out with #[serde(skip)]"
        ),
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn keys_that_are_numbers_come_back() {
        let state = BTreeMap::from([(7_u64, "seven".to_owned())]);
        assert_eq!(from_bytes(&to_bytes(&state)), Ok(state));
    }

    #[test]
    #[should_panic(
        expected = "the keys of its maps have to be texts or numbers; put what has other keys into a list of pairs"
    )]
    fn keys_that_json_has_not_are_refused_with_what_to_do() {
        let _ = to_bytes(&BTreeMap::from([((1, 2), "pair")]));
    }
}
