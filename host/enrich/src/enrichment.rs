//! What is added to the image of a process as it begins, from elsewhere than the event.

use std::collections::BTreeMap;

use lanner_abi::field;

use super::process::Process;

/// Adds to images what is known of them.
pub(super) trait Enrichment: Send {
    /// An image is about to begin, or to act as somebody else.
    fn image(&self, image: &mut Process);
}

/// The names of users.
pub(super) struct Users(pub(super) BTreeMap<u32, String>);

impl Enrichment for Users {
    fn image(&self, image: &mut Process) {
        let name = self.0.get(&image.uid()).map(|name| name.as_bytes().into());
        // It is a text.
        let _ = image.record.set(field::process::USER, name);
    }
}
