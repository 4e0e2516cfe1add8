//! Sorting events out: what of a batch a pack asked for. Every event of the machine comes by here, so what is compared is
//! put in order beforehand: a filter with a hundred values costs about as much as one with ten.

use lanner_abi::FilterField;
use lanner_enrich::{Event, Payload};
use lanner_probes::event::Peer;
use memchr::memmem::Finder;

use super::description::{Comparison, Filter, Subscription};

/// A pack's subscriptions, ready to be compared with events.
pub struct Sieve {
    subscriptions: Vec<(u16, Vec<Test>)>,
}

/// A filter.
struct Test {
    field: FilterField,
    values: Values,
}

enum Values {
    /// Sorted.
    Equals(Vec<Vec<u8>>),
    /// Sorted, and none begins with another.
    Prefixes(Vec<Vec<u8>>),
    /// Turned round, sorted, and none begins with another.
    Suffixes(Vec<Vec<u8>>),
    Parts(Vec<Finder<'static>>),
}

impl Sieve {
    /// Of these subscriptions.
    pub fn new(subscriptions: &[Subscription]) -> Self {
        let tests = |filters: &[Filter]| filters.iter().map(Test::new).collect();
        Self { subscriptions: subscriptions.iter().map(|asked| (asked.kind, tests(&asked.filters))).collect() }
    }

    /// Whether one of them asks for the event.
    pub fn wants(&self, event: &Event) -> bool {
        let kind = event.kind().number();
        self.subscriptions
            .iter()
            .any(|(asked, tests)| *asked == kind && tests.iter().all(|test| test.values.hold(text(event, test.field))))
    }
}

impl Test {
    fn new(filter: &Filter) -> Self {
        Self { field: filter.field, values: Values::new(filter.test, &filter.values) }
    }
}

impl Values {
    fn new(test: Comparison, values: &[Vec<u8>]) -> Self {
        let turned = || values.iter().map(|value| value.iter().rev().copied().collect());
        match test {
            Comparison::Equals => Self::Equals(sorted(values.iter().cloned())),
            Comparison::StartsWith => Self::Prefixes(shortest(values.iter().cloned())),
            Comparison::EndsWith => Self::Suffixes(shortest(turned())),
            Comparison::Contains => Self::Parts(values.iter().map(|value| Finder::new(value).into_owned()).collect()),
        }
    }

    /// Whether the text passes with at least one of them.
    fn hold(&self, text: &[u8]) -> bool {
        match self {
            Self::Equals(values) => values.binary_search_by(|value| value.as_slice().cmp(text)).is_ok(),
            // A prefix of the text is not after it, and what lies between the two begins with that prefix too, so it is
            // not in the list: only the last one that is not after the text can be one.
            Self::Prefixes(values) => {
                let after = values.partition_point(|value| value.as_slice() <= text);
                after.checked_sub(1).is_some_and(|last| text.starts_with(&values[last]))
            }
            Self::Suffixes(values) => {
                let after = values.partition_point(|value| value.iter().le(text.iter().rev()));
                after.checked_sub(1).is_some_and(|last| {
                    let value = &values[last];
                    value.len() <= text.len() && value.iter().eq(text.iter().rev().take(value.len()))
                })
            }
            Self::Parts(parts) => parts.iter().any(|part| part.find(text).is_some()),
        }
    }
}

fn sorted(values: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    let mut values: Vec<_> = values.collect();
    values.sort();
    values.dedup();
    values
}

/// Sorted, without those that begin with another: where they match, that one does.
fn shortest(values: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    let mut shortest: Vec<Vec<u8>> = Vec::new();
    for value in sorted(values) {
        if !shortest.last().is_some_and(|last| value.starts_with(last)) {
            shortest.push(value);
        }
    }
    shortest
}

/// A field's text; empty where the event has no such field.
fn text(event: &Event, field: FilterField) -> &[u8] {
    match (field, &event.payload) {
        (FilterField::ProcessExe, _) => &event.process.program.exe,
        (FilterField::ProcessComm, _) => &event.process.comm,
        (FilterField::OpenPath, Payload::Open(open)) => &open.path.bytes,
        (FilterField::ExecExe, Payload::Exec(exec)) => &exec.image.program.exe,
        (FilterField::ExecFilename, Payload::Exec(exec)) => &exec.filename,
        (FilterField::ConnectUnixPath, Payload::Connect(connect)) => match &connect.peer {
            Peer::Unix(path) => path,
            _ => &[],
        },
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Few letters, so that texts often begin, end and are alike.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        vec(prop_oneof![Just(b'a'), Just(b'b'), Just(0xff_u8)], 0..6)
    }

    proptest! {
        #[test]
        fn is_what_comparing_with_each_gives(text in text(), values in vec(text(), 0..8)) {
            let all = [Comparison::Equals, Comparison::StartsWith, Comparison::EndsWith, Comparison::Contains];
            for test in all {
                let expected = values.iter().any(|value| test.holds(&text, value));
                prop_assert_eq!(Values::new(test, &values).hold(&text), expected, "{:?}", test);
            }
        }
    }
}
