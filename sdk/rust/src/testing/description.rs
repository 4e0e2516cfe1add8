//! What a host would refuse of a pack's description, found before any host sees it.

use std::collections::HashSet;

use crate::dispatch::Description;

/// Why a host would refuse it.
pub(super) fn refusal(description: &Description) -> Option<String> {
    let info = &description.info;
    if !is_word(info.name) {
        return Some(format!("the name {:?} is not lower-case letters, digits and `-`", info.name));
    }
    let mut ids = HashSet::new();
    for rule in &description.rules {
        let id = &rule.id;
        if !id.split_once('/').is_some_and(|(group, name)| is_word(group) && is_word(name)) {
            return Some(format!("the rule id {id:?} is not of the form group/name in lower case"));
        }
        if !ids.insert(id) {
            return Some(format!("the rule id {id} is there twice"));
        }
        if let Some(technique) = rule.attack.iter().find(|technique| !is_technique(technique)) {
            return Some(format!("rule {id}: {technique:?} is not an ATT&CK technique id such as T1003.008"));
        }
    }
    if description.subscriptions.is_empty() {
        return Some("no rule handles any event".to_owned());
    }
    None
}

fn is_word(text: &str) -> bool {
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(sound)
}

/// `T` and four digits, with three more after a dot for a sub-technique.
fn is_technique(text: &str) -> bool {
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|c| c.is_ascii_digit());
    text.strip_prefix('T').is_some_and(|rest| match rest.split_once('.') {
        None => digits(rest, 4),
        Some((technique, sub)) => digits(technique, 4) && digits(sub, 3),
    })
}
