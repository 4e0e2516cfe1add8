//! What is added to the image of a process as it begins, from elsewhere than the event.

use std::collections::BTreeMap;

use lanner_abi::field;

use super::process::Process;

/// Adds to images what is known of them.
pub(super) trait Enrichment: Send {
    /// An image is about to begin, or to act as somebody else.
    fn image(&self, image: &mut Process);
}

/// The host's own user namespace (PROC_USER_INIT_INO of include/linux/proc_ns.h).
const FIRST_USER_NAMESPACE: u64 = 0xefff_fffd;

/// The names of the host's users. In a container, and in another user namespace, the same number is somebody else.
pub(super) struct Users(pub(super) BTreeMap<u32, String>);

impl Enrichment for Users {
    fn image(&self, image: &mut Process) {
        let elsewhere = image.record().number(field::process::USER_NS).is_some_and(|ns| ns != FIRST_USER_NAMESPACE);
        let host = image.container.is_none() && !elsewhere;
        let name = self.0.get(&image.uid()).filter(|_| host).map(|name| name.as_bytes().into());
        // It is a text.
        let _ = image.record.set(field::process::USER, name);
    }
}
