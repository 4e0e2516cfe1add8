//! An event beside the lists that it is looked for in.

use lanner_abi::{Kind, Value};
use lanner_contract::{FieldRef, Happening};
use lanner_enrich::Event;
use lanner_lists::Snapshot;

/// An event, and the lists as they are when it is judged.
pub struct Listed<'a> {
    /// The event.
    pub event: &'a Event,
    /// The lists.
    pub lists: &'a Snapshot,
}

impl Happening for Listed<'_> {
    #[inline]
    fn kind(&self) -> Option<Kind> {
        Happening::kind(self.event)
    }

    #[inline]
    fn value(&self, field: &FieldRef) -> Option<Value<'_>> {
        Happening::value(self.event, field)
    }

    #[inline]
    fn is_listed(&self, list: u32, value: Value<'_>) -> bool {
        self.lists.has_value(list, value)
    }
}
