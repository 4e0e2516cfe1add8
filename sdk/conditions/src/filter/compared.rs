//! What a host can compare a field with, so that all pass that an operator lets pass.

use lanner_abi::{FieldInfo, Reads, Type};
use lanner_contract::Filter;
use lanner_contract::filter::{Literal, Test as FilterTest};

use super::may::May;
use crate::field::{Field, Value};
use crate::glob;
use crate::names::Table;
use crate::test::{How, Op, Prepared};
use crate::transform::Transform;

/// Bytes of a value.
const MAX_VALUE: usize = 4096;
/// Bytes of a part that is worth searching for: shorter ones are in nearly every text, and slow the others down.
const MIN_PART: usize = 3;
/// Letters of a text whose case does not matter that are compared: each doubles the values.
const MAX_LETTERS: usize = 3;

/// A field as filters name it.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) info: &'static FieldInfo,
}

impl Named {
    pub(super) fn test(&self, test: FilterTest) -> May {
        let fits = match &test {
            FilterTest::Equals(values) => values.iter().all(|value| match value {
                Literal::Bytes(bytes) => bytes.len() <= MAX_VALUE,
                _ => true,
            }),
            FilterTest::StartsWith(values) | FilterTest::EndsWith(values) | FilterTest::Contains(values) => {
                values.iter().all(|value| value.len() <= MAX_VALUE)
            }
            _ => true,
        };
        match fits {
            _ if test.is_empty() && test != FilterTest::Known => May::Never,
            true => May::Where(Filter::Field(self.name.clone(), test)),
            false => May::Always,
        }
    }

    pub(super) fn is_text(&self) -> bool {
        self.info.ty == Type::Text
    }

    /// A text that is one of these, begins so, and so on.
    pub(super) fn texts(&self, how: How, values: Vec<Vec<u8>>) -> May {
        if !self.is_text() {
            return May::Never;
        }
        self.test(match how {
            How::Equals => FilterTest::Equals(values.into_iter().map(Literal::Bytes).collect()),
            How::StartsWith => FilterTest::StartsWith(values),
            How::EndsWith => FilterTest::EndsWith(values),
            How::Contains if values.iter().any(|value| value.len() < MIN_PART) => return May::Always,
            How::Contains => FilterTest::Contains(values),
        })
    }
}

/// Whether what a field is where it is not known passes a test.
pub(super) fn passes_otherwise(field: &Field, op: &Op) -> bool {
    let holds = |otherwise| Prepared::new(op).is_ok_and(|prepared| prepared.holds(Value::from(otherwise)));
    field.otherwise.as_ref().is_some_and(holds)
}

/// A field as it is, and what was made of its text.
pub(super) fn raw(named: &Named, transforms: &[Transform], op: &Op) -> May {
    match (transforms, op) {
        (_, Op::Known) => named.test(FilterTest::Known),
        ([], op) => plain(named, op),
        ([transform], Op::Texts { how, values, fold: false }) if named.is_text() => {
            of_transformed(named, *transform, *how, values)
        }
        ([Transform::AtLeast(least)], Op::Numbers(ranges)) => {
            let least = i128::from(*least);
            let all =
                |(from, to): (i128, i128)| (if (from..=to).contains(&least) { i64::MIN.into() } else { from }, to);
            plain(named, &Op::Numbers(ranges.iter().copied().filter(|(_, to)| *to >= least).map(all).collect()))
        }
        ([Transform::Text], Op::Texts { how: How::Equals, values, .. }) => {
            let number = |value: &Vec<u8>| std::str::from_utf8(value).ok()?.parse::<i128>().ok();
            match named.info.ty {
                Type::Text | Type::Bytes16 | Type::List => May::Always,
                _ if named.info.reads == Reads::Bool => May::Always,
                _ => named.test(FilterTest::Equals(values.iter().filter_map(number).map(Literal::Number).collect())),
            }
        }
        _ => May::Always,
    }
}

fn of_transformed(named: &Named, transform: Transform, how: How, values: &[Vec<u8>]) -> May {
    let all = |change: &dyn Fn(&[u8]) -> Vec<u8>| values.iter().map(|value| change(value)).collect::<Vec<_>>();
    let without_slash = |value: &[u8]| value.strip_suffix(b"/").unwrap_or(value).to_vec();
    match (transform, how) {
        (Transform::Slashed, How::Equals) => {
            let mut both = values.to_vec();
            both.extend(all(&without_slash));
            named.texts(How::Equals, both)
        }
        (Transform::Slashed, How::StartsWith | How::Contains) => named.texts(how, all(&without_slash)),
        (Transform::Directory, How::Equals) => {
            let inside = |value: &[u8]| if value == b"/" { b"/".to_vec() } else { [value, b"/"].concat() };
            // What has no `/` at all has no folder.
            if values.iter().any(Vec::is_empty) {
                return May::Always;
            }
            named.texts(How::StartsWith, all(&inside))
        }
        (Transform::Directory, How::StartsWith | How::Contains) => named.texts(how, values.to_vec()),
        (Transform::Directory, How::EndsWith) => named.texts(How::Contains, values.to_vec()),
        (Transform::FileName, How::Equals) => May::any([
            named.texts(How::EndsWith, all(&|value| [b"/", value].concat())),
            named.texts(How::Equals, values.to_vec()),
        ]),
        (Transform::FileName, How::StartsWith) => May::any([
            named.texts(How::Contains, all(&|value| [b"/", value].concat())),
            named.texts(How::StartsWith, values.to_vec()),
        ]),
        (Transform::FileName, How::EndsWith | How::Contains) => named.texts(how, values.to_vec()),
        (Transform::Cut(_), How::Equals | How::StartsWith) => named.texts(How::StartsWith, values.to_vec()),
        (Transform::Text, how) => named.texts(how, values.to_vec()),
        _ => May::Always,
    }
}

fn plain(named: &Named, op: &Op) -> May {
    let folds = |values: &[Vec<u8>]| values.iter().flatten().any(u8::is_ascii_alphabetic);
    match op {
        Op::Known => named.test(FilterTest::Known),
        Op::Is(yes) if named.info.reads == Reads::Bool => named.test(FilterTest::Equals(vec![Literal::Bool(*yes)])),
        Op::Texts { how, values, fold } if !fold || !folds(values) => named.texts(*how, values.clone()),
        Op::Texts { how, values, .. } => in_both_cases(named, *how, values),
        Op::Differs(_) | Op::Regexes { .. } => May::Always,
        Op::Globs { globs, fold } => May::any(globs.iter().map(|glob| {
            let (begin, end) = glob::ends(glob);
            if begin.len().max(end.len()) == 0 {
                return May::Always;
            }
            let part = |how, part: Vec<u8>| match part.is_empty() {
                true => May::Always,
                false if *fold => in_both_cases(named, how, &[part]),
                false => named.texts(how, vec![part]),
            };
            May::all([part(How::StartsWith, begin), part(How::EndsWith, end)])
        })),
        Op::Below(paths) => {
            let plain: Vec<Vec<u8>> =
                paths.iter().map(|path| path.strip_suffix(b"/").unwrap_or(path).to_vec()).collect();
            let below = plain.iter().map(|path| [path.as_slice(), b"/"].concat()).collect();
            May::any([named.texts(How::StartsWith, below), named.texts(How::Equals, plain)])
        }
        Op::Numbers(ranges) => {
            let ranges: Vec<(i128, i128)> = ranges.iter().copied().filter(|(from, to)| from <= to).collect();
            match named.info.ty {
                Type::Text | Type::Bytes16 | Type::List => May::Never,
                _ if named.info.reads == Reads::Bool => May::Never,
                _ => named.test(FilterTest::Between(ranges)),
            }
        }
        Op::AnyBits(bits) => named.test(FilterTest::AnyBits(*bits)),
        Op::AllBits(bits) => named.test(FilterTest::AllBits(*bits)),
        Op::NoBits(bits) => named.test(FilterTest::NoBits(*bits)),
        Op::Within(networks) if named.info.ty == Type::Bytes16 => named.test(FilterTest::Within(networks.clone())),
        Op::Is(_) | Op::Within(_) => May::Never,
        Op::Field(..) => May::Always,
    }
}

/// Texts that may be written in both cases: each way to write so much of their begin, their end or their middle as has few ways.
fn in_both_cases(named: &Named, how: How, values: &[Vec<u8>]) -> May {
    May::any(values.iter().map(|value| {
        let begin = || named.texts(How::StartsWith, both_cases(&few_letters(value.iter())));
        let end = || {
            let mut end = few_letters(value.iter().rev());
            end.reverse();
            named.texts(How::EndsWith, both_cases(&end))
        };
        match how {
            How::Equals if value.iter().filter(|byte| byte.is_ascii_alphabetic()).count() <= MAX_LETTERS => {
                named.texts(How::Equals, both_cases(value))
            }
            How::Equals => May::all([begin(), end()]),
            How::StartsWith => begin(),
            How::EndsWith => end(),
            How::Contains => {
                let from = |at: usize| few_letters(value.get(at..).unwrap_or_default().iter());
                let longest = (0..value.len()).map(from).max_by_key(Vec::len);
                named.texts(How::Contains, both_cases(&longest.unwrap_or_default()))
            }
        }
    }))
}

/// As much as has few letters.
fn few_letters<'b>(bytes: impl Iterator<Item = &'b u8>) -> Vec<u8> {
    let mut letters = 0;
    let fits = |byte: &&u8| {
        letters += usize::from(byte.is_ascii_alphabetic());
        letters <= MAX_LETTERS
    };
    bytes.take_while(fits).copied().collect()
}

/// Each way to write a text.
fn both_cases(text: &[u8]) -> Vec<Vec<u8>> {
    let mut ways = vec![text.to_ascii_lowercase()];
    for (at, _) in text.iter().enumerate().filter(|(_, byte)| byte.is_ascii_alphabetic()) {
        let upper = |mut way: Vec<u8>| {
            if let Some(byte) = way.get_mut(at) {
                byte.make_ascii_uppercase();
            }
            way
        };
        ways.extend(ways.clone().into_iter().map(upper));
    }
    ways
}

/// A text that is made of others with spaces between them: where it has something in it, one of them has the longest piece of
/// that which has no space.
pub(super) fn joined(of: &[Named], op: &Op) -> May {
    let pieces = |values: &[Vec<u8>]| {
        let piece =
            |value: &Vec<u8>| value.split(|byte| *byte == b' ').max_by_key(|piece| piece.len()).map(<[u8]>::to_vec);
        values.iter().filter_map(piece).collect::<Vec<_>>()
    };
    match op {
        Op::Texts { values, fold: true, .. } => {
            May::any(of.iter().map(|named| in_both_cases(named, How::Contains, &pieces(values))))
        }
        Op::Texts { values, fold: false, .. } => {
            let mut pieces = pieces(values);
            pieces.sort();
            pieces.dedup();
            // What has another in it is found by that.
            let all = pieces.clone();
            pieces.retain(|piece| !all.iter().any(|other| other != piece && How::Contains.holds(piece, other)));
            May::any(of.iter().map(|named| named.texts(How::Contains, pieces.clone())))
        }
        _ => May::Always,
    }
}

/// The host looks only for entries that a filter names.
pub(super) fn environment(named: &Named, op: &Op) -> May {
    let known = named.test(FilterTest::Known);
    let (Op::Texts { values, .. } | Op::Globs { globs: values, .. }) = op else { return known };
    let mut names = Vec::new();
    for value in values {
        let end = value.iter().position(|byte| *byte == b'=').unwrap_or(value.len());
        let name = value.get(..end).unwrap_or_default();
        let is_name = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if is_name {
            for name in [name.to_vec(), name.to_ascii_uppercase(), name.to_ascii_lowercase()] {
                names.push([name.as_slice(), b"="].concat());
            }
        }
    }
    names.sort();
    names.dedup();
    May::any([named.texts(How::Contains, names), known])
}

pub(super) fn names(named: &Named, table: Table, op: &Op) -> May {
    let Op::Texts { how, values, fold } = op else { return May::Always };
    let holds = |text: &[u8]| {
        let fold = |text: &[u8]| if *fold { text.to_ascii_lowercase() } else { text.to_vec() };
        values.iter().any(|value| how.holds(&fold(text), &fold(value)))
    };
    let bare = values.iter().any(|value| Table::may_be_bare(value));
    if table == Table::Outcome {
        let succeeded = match holds(b"SUCCESS") {
            true => named.test(FilterTest::Between(vec![(0, i64::MAX.into())])),
            false => May::Never,
        };
        let exact = *how == How::Equals && !fold && !bare;
        let failed = match exact {
            true => {
                let number = |value: &Vec<u8>| {
                    let number = Table::error(std::str::from_utf8(value).ok()?)?;
                    Some(Literal::Number(-i128::from(number)))
                };
                named.test(FilterTest::Equals(values.iter().filter_map(number).collect()))
            }
            false => named.test(FilterTest::Between(vec![(i64::MIN.into(), -1)])),
        };
        return May::any([succeeded, failed]);
    }
    if let Some(numbers) = table.numbers(holds) {
        return match bare {
            true => May::Always,
            false => named
                .test(FilterTest::Equals(numbers.into_iter().map(|number| Literal::Number(number.into())).collect())),
        };
    }
    match (how, table.bits_of(values, *fold)) {
        (_, None) => May::Always,
        (_, Some(0)) => May::Never,
        (_, Some(bits)) => named.test(FilterTest::AnyBits(bits)),
    }
}
