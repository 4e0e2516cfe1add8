//! What filters name, and what therefore has to be looked for beside the events themselves.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use lanner_abi::{FieldInfo, field};

use crate::check::{Condition, Wanted};
use crate::filter::{Literal, Test};

/// Names of files that may be wanted in any folder, as something asks for a path that ends with them.
#[must_use]
pub fn names(wanted: &[Wanted]) -> BTreeSet<Vec<u8>> {
    let mut names = BTreeSet::new();
    let last = |text: &[u8]| text.rsplit(|byte| *byte == b'/').next().map(<[u8]>::to_vec);
    tests_of_paths(wanted, |test| match test {
        Test::EndsWith(values) => {
            names.extend(values.iter().filter(|value| value.contains(&b'/')).filter_map(|value| last(value)));
        }
        test => names.extend(equal_to(test).filter_map(last)),
    });
    names
}

/// Files that something asks for by their whole paths.
#[must_use]
pub fn files(wanted: &[Wanted]) -> BTreeSet<Vec<u8>> {
    let mut files = BTreeSet::new();
    tests_of_paths(wanted, |test| {
        files.extend(equal_to(test).filter(|path| path.starts_with(b"/")).map(<[u8]>::to_vec));
    });
    files
}

/// How the entries of an environment begin that something asks for: `NAME=`, or the beginning of names.
#[must_use]
pub fn environment(wanted: &[Wanted]) -> BTreeSet<Vec<u8>> {
    let mut begin = BTreeSet::new();
    let mut add = |text: &[u8]| {
        // What comes before it, an entry that ends, says nothing of this one.
        let entry = text.rsplit(|byte| *byte == 0).find(|entry| !entry.is_empty()).unwrap_or_default();
        let end = entry.iter().position(|byte| *byte == b'=').map_or(entry.len(), |at| at + 1);
        begin.extend(entry.get(..end).filter(|begin| !begin.is_empty()).map(<[u8]>::to_vec));
    };
    tests_of(
        wanted,
        |field| *field == *field::process::ENVIRONMENT,
        |test| match test {
            Test::StartsWith(values) | Test::EndsWith(values) | Test::Contains(values) => {
                values.iter().for_each(|value| add(value));
            }
            test => equal_to(test).for_each(&mut add),
        },
    );
    begin
}

/// The tests of what the kernel side can filter by.
fn tests_of_paths<'w>(wanted: &'w [Wanted], take: impl FnMut(&'w Test)) {
    tests_of(wanted, |field| field.keyed, take);
}

/// The tests, negated or not, of some fields.
fn tests_of<'w>(wanted: &'w [Wanted], is_meant: impl Fn(&FieldInfo) -> bool, mut take: impl FnMut(&'w Test)) {
    let mut left: Vec<&Condition> = wanted.iter().filter_map(|wanted| wanted.condition.as_ref()).collect();
    while let Some(condition) = left.pop() {
        match condition {
            Condition::All(conditions) | Condition::Any(conditions) => left.extend(conditions),
            Condition::Not(condition) => left.push(condition),
            Condition::Field(field, test) if is_meant(field.field) => take(test),
            Condition::Field(..) | Condition::Listed(..) => {}
        }
    }
}

/// The texts of which a test asks for one.
fn equal_to(test: &Test) -> impl Iterator<Item = &[u8]> {
    let literals = if let Test::Equals(literals) = test { literals.as_slice() } else { &[] };
    literals.iter().filter_map(|literal| match literal {
        Literal::Bytes(text) => Some(text.as_slice()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;

    use lanner_abi::Kind;

    use super::*;
    use crate::field::{FieldRef, Scope};

    #[test]
    fn entries_of_environments_are_asked_for_by_their_names() {
        let values = |values: &[&str]| values.iter().map(|value| value.as_bytes().to_vec()).collect::<Vec<_>>();
        let of = |scope, test| {
            let field = FieldRef { scope, field: field::process::ENVIRONMENT };
            Wanted { kind: Kind::Exec, condition: Some(Condition::Not(Box::new(Condition::Field(field, test)))) }
        };
        let wanted = [
            of(Scope::Process, Test::Contains(values(&["LD_PRELOAD=/tmp/", "\0LD_AUDIT=", "HIST", "", "\0"]))),
            of(Scope::Named(0), Test::Equals(alloc::vec![Literal::Bytes(b"A=1\0B=2\0".to_vec())])),
            of(Scope::Parent, Test::Known),
        ];
        let begin: Vec<Vec<u8>> = environment(&wanted).into_iter().collect();
        assert_eq!(begin, values(&["B=", "HIST", "LD_AUDIT=", "LD_PRELOAD="]));
        assert!(files(&wanted).is_empty() && names(&wanted).is_empty());
    }
}
