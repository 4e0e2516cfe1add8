//! What of a pack costs more than it has to: events that are handed over for nothing, and texts that are searched for nothing.

use std::collections::BTreeSet;

use lanner_abi::{FieldInfo, Kind, Type};
use lanner_contract::Filter;
use lanner_contract::filter::Test;
use lanner_engine::{Description, Rule};

use super::Note;

/// What a filter can do for the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Narrows {
    /// It holds for nearly all.
    Not,
    /// Only by searching texts.
    BySearch,
    /// By a look at one value.
    ByValue,
}

pub(super) fn notes(pack: &Description) -> Vec<Note> {
    let mut notes: Vec<Note> = pack.rules.iter().flat_map(of_rule).collect();
    let whole: BTreeSet<&str> = pack
        .rules
        .iter()
        .flat_map(|rule| &rule.events)
        .filter(|event| event.filter.is_none())
        .map(|event| event.kind.as_str())
        .collect();
    if whole.len() * 2 > Kind::ALL.len() {
        notes.push(Note {
            is_error: false,
            code: "all-kinds",
            rule: None,
            what: format!(
                "it asks for all events of {} of {} kinds: each event of the machine is handed to it",
                whole.len(),
                Kind::ALL.len()
            ),
            remedy: "ask for the kinds that its rules look at, and no others".to_owned(),
        });
    }
    notes
}

fn of_rule(rule: &Rule) -> Vec<Note> {
    let mut notes = Vec::new();
    for event in &rule.events {
        let Some(kind) = Kind::from_name(&event.kind) else { continue };
        let mut note = |code, what: String, remedy: String| {
            notes.push(Note { is_error: false, code, rule: Some(rule.id.clone()), what, remedy });
        };
        match &event.filter {
            None if may_be_many(kind) => note(
                "no-filter",
                format!("it asks for all {}, of which there may be very many", kind.info().sees),
                format!("narrow it by a filter on a field such as {}: the host then hands over nothing else", example(kind)),
            ),
            Some(filter) => match narrows(filter) {
                Narrows::Not => note(
                    "wide-filter",
                    format!("its filter of {} holds for nearly all of them, as it only says what they are not, or that something is known", kind.name()),
                    "say what a field equals, begins or ends with, or lies between, beside that".to_owned(),
                ),
                Narrows::BySearch if may_be_many(kind) => note(
                    "search-only",
                    format!("its filter of {} only searches texts (contains), which is done for every event of the kind", kind.name()),
                    "equals, starts-with and ends-with cost a tenth; where one of them says the same, use it, or put it beside".to_owned(),
                ),
                Narrows::BySearch | Narrows::ByValue => {}
            },
            None => {}
        }
    }
    notes
}

/// Kinds that a machine can make a million of in a second: those whose events the source itself can leave out, and those of the
/// network. Not those that name another process, such as the image that a program begins, though that says whose connection
/// its standard input is: to start even `true` costs a machine some hundred microseconds, and to have a rule look at it one or
/// two. Rules that look at every program are right to.
fn may_be_many(kind: Kind) -> bool {
    let has = |is: fn(&FieldInfo) -> bool| kind.info().record.fields.iter().any(is);
    has(|field| field.keyed) || has(|field| field.ty == Type::Bytes16) && kind.info().record.rows().next().is_none()
}

/// A text of the kind's own.
fn example(kind: Kind) -> String {
    let fields = kind.record().fields;
    let field = fields.iter().find(|field| field.shown && matches!(field.ty, Type::Text | Type::Bytes16));
    field.map_or("process.exe".to_owned(), |field| format!("{}.{}", kind.name(), field.name))
}

fn narrows(filter: &Filter) -> Narrows {
    match filter {
        // One that narrows is enough.
        Filter::All(filters) => filters.iter().map(narrows).max().unwrap_or(Narrows::Not),
        // Each has to.
        Filter::Any(filters) => filters.iter().map(narrows).min().unwrap_or(Narrows::ByValue),
        Filter::Not(_) | Filter::Unknown(_) | Filter::Field(_, Test::Known) => Narrows::Not,
        Filter::Field(_, Test::Contains(_)) => Narrows::BySearch,
        Filter::Field(..) | Filter::Listed(..) => Narrows::ByValue,
    }
}

#[cfg(test)]
mod tests {
    use lanner_contract::Subscription;

    use super::*;

    fn field(test: Test) -> Filter {
        Filter::Field("open.path".to_owned(), test)
    }

    fn codes(kind: &str, filter: Option<Filter>) -> Vec<&'static str> {
        let events = vec![Subscription { kind: kind.to_owned(), filter }];
        let rule = Rule { id: "a/b".into(), events, ..Rule::default() };
        of_rule(&rule).into_iter().map(|note| note.code).collect()
    }

    #[test]
    fn what_costs_is_noted() {
        let prefix = || field(Test::StartsWith(vec![b"/etc/".to_vec()]));
        let part = || field(Test::Contains(vec![b"secret".to_vec()]));
        assert_eq!(codes("open", None), ["no-filter"]);
        assert_eq!(codes("connect", None), ["no-filter"]);
        assert_eq!(codes("module_load", None), [""; 0]);
        assert_eq!(codes("exec", None), [""; 0]);
        let part_of_line = Filter::Field("exec.image.argv".to_owned(), Test::Contains(vec![b"secret".to_vec()]));
        assert_eq!(codes("exec", Some(part_of_line)), [""; 0]);
        assert_eq!(codes("open", Some(prefix())), [""; 0]);
        assert_eq!(codes("open", Some(part())), ["search-only"]);
        assert_eq!(codes("open", Some(Filter::All(vec![part(), prefix()]))), [""; 0]);
        assert_eq!(codes("open", Some(Filter::Any(vec![part(), prefix()]))), ["search-only"]);
        assert_eq!(codes("open", Some(Filter::Not(Box::new(prefix())))), ["wide-filter"]);
        assert_eq!(codes("open", Some(field(Test::Known))), ["wide-filter"]);
    }

    #[test]
    fn who_asks_for_everything_is_told() {
        let events = Kind::ALL.iter().map(|kind| Subscription { kind: kind.name().to_owned(), filter: None });
        let rule = Rule { id: "a/b".into(), events: events.collect(), ..Rule::default() };
        let pack = Description { rules: vec![rule], ..Description::default() };
        assert!(notes(&pack).iter().any(|note| note.code == "all-kinds"));
    }
}
