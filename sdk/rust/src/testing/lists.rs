//! What stands in lists in a test.

use std::cell::RefCell;

use lanner_contract::List;

thread_local! {
    /// The lists of the pack that is called.
    static LISTS: RefCell<Vec<List>> = const { RefCell::new(Vec::new()) };
}

/// From here on, and until others are said, these are asked on this thread.
pub(super) fn say(lists: &[List]) {
    LISTS.with_borrow_mut(|said| said.clone_from(&lists.to_vec()));
}

pub(crate) fn is_listed(list: u32, value: &[u8]) -> bool {
    LISTS.with_borrow(|lists| {
        let Some(list) = lists.get(list as usize) else { return false };
        list.entries.iter().any(|entry| list.holds.read(entry).is_ok_and(|entry| entry.covers(value)))
    })
}
