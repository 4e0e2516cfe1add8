//! What a host keeps of a finding that a pack raised, and of what it says: texts and lists are cut.

use lanner_contract::{Fact, Finding};

/// Bytes of one text in a finding or a log line; the rest is cut.
const MAX_TEXT: usize = 16 << 10;
/// Fields, or events, of one finding, or facts in a list.
const MAX_ITEMS: usize = 64;

/// A pack's own words, cut, and without what acts on a terminal or begins a line of its own.
pub(super) fn printable(mut text: String) -> String {
    cut(&mut text);
    lanner_abi::Text::from(text.as_str()).to_string()
}

/// Cuts a finding to what a host keeps of one.
pub(super) fn bound(finding: &mut Finding) {
    cut(&mut finding.message);
    finding.key.iter_mut().for_each(cut);
    finding.fields.truncate(MAX_ITEMS);
    for (name, fact) in &mut finding.fields {
        cut(name);
        bound_fact(fact);
    }
    if finding.events.len() > MAX_ITEMS {
        // The newest stand last, and matter most.
        finding.events.drain(..finding.events.len() - MAX_ITEMS);
    }
    // What was cut is not kept.
    finding.fields.shrink_to_fit();
    finding.events.shrink_to_fit();
}

fn bound_fact(fact: &mut Fact) {
    match fact {
        Fact::Text(text) => cut(text),
        Fact::Path(path) => {
            path.truncate(MAX_TEXT);
            path.shrink_to_fit();
        }
        Fact::List(facts) => {
            facts.truncate(MAX_ITEMS);
            facts.shrink_to_fit();
            facts.iter_mut().for_each(bound_fact);
        }
        Fact::Number(_) | Fact::Float(_) | Fact::Bool(_) | Fact::Address(_) | Fact::Process(_) => {}
    }
}

/// Bytes that a finding takes, about.
pub(crate) fn size(finding: &Finding) -> usize {
    let texts = finding.message.len() + finding.key.as_ref().map_or(0, String::len);
    let fields = finding.fields.iter().map(|(name, fact)| name.len() + fact.size());
    size_of::<Finding>() + texts + fields.sum::<usize>() + size_of_val(finding.events.as_slice())
}

/// Cuts a text to the bound, at a character.
pub(super) fn cut(text: &mut String) {
    if text.len() > MAX_TEXT {
        text.truncate(text.floor_char_boundary(MAX_TEXT));
        text.push('…');
        text.shrink_to_fit();
    }
}
