//! Whether a pack's lists make sense, and go with what is looked for in them.

use alloc::collections::BTreeSet;
use alloc::format;

use lanner_abi::{Reads, Type};

use super::{Nonsense, Refused, is_word};
use crate::field::FieldRef;
use crate::{List, ListType};

/// Lists of one pack, and entries of all of them that it brings along.
const MAX_LISTS: usize = 64;
const MAX_ENTRIES: usize = 65_536;

/// Whether they make sense.
pub(super) fn check(lists: &[List]) -> Result<(), Nonsense> {
    if lists.len() > MAX_LISTS {
        return Err(Nonsense(format!("it has {} lists; {MAX_LISTS} are allowed", lists.len())));
    }
    let mut names = BTreeSet::new();
    for List { name, .. } in lists {
        if !is_word(name) {
            return Err(Nonsense(format!("the list {name:?} is not lower-case letters, digits and `-`")));
        }
        if !names.insert(name) {
            return Err(Nonsense(format!("the list {name} stands twice")));
        }
    }
    let count: usize = lists.iter().map(|list| list.entries.len()).sum();
    if count > MAX_ENTRIES {
        return Err(Nonsense(format!("its lists may begin with {MAX_ENTRIES} entries, and have {count}")));
    }
    for List { name, holds, entries, .. } in lists.iter().filter(|list| !matches!(list.holds, ListType::Unknown(_))) {
        if let Some((entry, what)) = entries.iter().find_map(|entry| holds.read(entry).err().map(|what| (entry, what)))
        {
            return Err(Nonsense(format!("the list {name} begins with {entry:?}, which {what}")));
        }
    }
    Ok(())
}

/// Whether what a list holds goes with a field.
pub(super) fn check_field(field: FieldRef, name: &str, list: &List) -> Result<(), Refused> {
    let fits = match &list.holds {
        ListType::Text | ListType::Path | ListType::Image | ListType::Domain => field.field.ty == Type::Text,
        ListType::Cidr => field.field.ty == Type::Bytes16,
        ListType::Number => !matches!(field.field.ty, Type::Text | Type::Bytes16) && field.field.reads != Reads::Bool,
        ListType::Unknown(holds) => return Err(Refused::Needs(format!("lists of the type {holds:?}"))),
    };
    if fits {
        return Ok(());
    }
    let (list, holds) = (&list.name, list.holds.name());
    Err(Refused::Wrong(format!(
        "the field {name:?} is none that can be looked for in the list {list}, of the type {holds}"
    )))
}
