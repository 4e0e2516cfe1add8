//! Tests of a field's value.

use lanner_contract::sieve::{Equals, Parts, Prefixes, Ranges, Suffixes};
use serde::{Deserialize, Serialize};

use crate::field::Value;
use crate::glob::Glob;
use crate::rules::FieldId;

/// A field passes a test: where it has several values, one of them does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// Which.
    pub field: FieldId,
    /// What it must be like.
    pub op: Op,
}

/// What a value must be like. Texts are bytes; where `fold` is said, ASCII letters are alike in both cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// It is there.
    Known,
    /// It is yes, or no.
    Is(bool),
    /// A text compared with each of these.
    Texts {
        /// How.
        how: How,
        /// With which.
        values: Vec<Vec<u8>>,
        /// Whether case does not matter.
        fold: bool,
    },
    /// A text is none of these.
    Differs(Vec<Vec<u8>>),
    /// A text has the form of one of these globs: `*` stands for anything, `/` too.
    Globs {
        /// The globs.
        globs: Vec<Vec<u8>>,
        /// Whether case does not matter.
        fold: bool,
    },
    /// A text has what one of these expressions describes.
    Regexes {
        /// The expressions.
        expressions: Vec<String>,
        /// As a whole, rather than somewhere in it.
        whole: bool,
        /// Whether case does not matter.
        fold: bool,
    },
    /// A path is one of these or lies below one, at any depth.
    Below(Vec<Vec<u8>>),
    /// A number lies in one of these ranges, both ends included.
    Numbers(Vec<(i128, i128)>),
    /// Of a number at least one of these bits is set.
    AnyBits(u64),
    /// All of them are.
    AllBits(u64),
    /// None of them is.
    NoBits(u64),
    /// An address lies in one of these networks: an address and how many of its 128 bits count.
    Within(Vec<([u8; 16], u8)>),
    /// It is to the value of another field as said; not where that has none.
    Field(Compare, FieldId),
}

/// How a text is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum How {
    /// It is the same.
    Equals,
    /// It begins with it.
    StartsWith,
    /// It ends with it.
    EndsWith,
    /// It has it in it.
    Contains,
}

/// How a value is to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Compare {
    /// The same.
    Equal,
    /// Less: of numbers.
    Less,
    /// Less, or the same.
    LessOrEqual,
    /// A text compared with a text; whether case does not matter.
    Text(How, bool),
}

/// A test, ready to be asked.
#[derive(Debug)]
pub(crate) enum Prepared {
    Known,
    Is(bool),
    Equals(Equals, bool),
    Differs(Equals),
    Prefixes(Prefixes, bool),
    Suffixes(Suffixes, bool),
    Parts(Parts, bool),
    Globs(Vec<Glob>),
    Regexes(Vec<regex_lite::Regex>),
    Below(Prefixes, Vec<Vec<u8>>),
    Numbers(Ranges<i128>),
    AnyBits(u64),
    AllBits(u64),
    NoBits(u64),
    Within(Ranges<u128>),
    Field(Compare, FieldId),
}

/// Bytes that a regular expression may become.
const MAX_REGEX: usize = 1 << 20;

impl Op {
    /// Makes an expression ready.
    ///
    /// # Errors
    /// It is none, or too large: the rest of a sentence.
    pub fn regex(expression: &str, whole: bool, fold: bool) -> Result<regex_lite::Regex, String> {
        let text = if whole { format!("^(?:{expression})$") } else { expression.to_owned() };
        // A dot stands for a line's end too where all of the text is meant.
        let mut builder = regex_lite::RegexBuilder::new(&text);
        builder.case_insensitive(fold).size_limit(MAX_REGEX);
        builder.build().map_err(|error| error.to_string())
    }
}

impl Prepared {
    pub(crate) fn new(op: &Op) -> Result<Self, String> {
        let folded = |values: &[Vec<u8>], fold: bool| -> Vec<(u32, Vec<u8>)> {
            let value = |value: &Vec<u8>| if fold { value.to_ascii_lowercase() } else { value.clone() };
            (0..).zip(values.iter().map(value)).collect()
        };
        Ok(match op {
            Op::Known => Self::Known,
            Op::Is(yes) => Self::Is(*yes),
            Op::Texts { how, values, fold } => {
                let values = folded(values, *fold);
                match how {
                    How::Equals => Self::Equals(Equals::new(values), *fold),
                    How::StartsWith => Self::Prefixes(Prefixes::new(values), *fold),
                    How::EndsWith => Self::Suffixes(Suffixes::new(values), *fold),
                    How::Contains => Self::Parts(Parts::new(values), *fold),
                }
            }
            Op::Differs(values) => Self::Differs(Equals::new(folded(values, false))),
            Op::Globs { globs, fold } => Self::Globs(globs.iter().map(|glob| Glob::new(glob, *fold)).collect()),
            Op::Regexes { expressions, whole, fold } => {
                let regex = |expression: &String| Op::regex(expression, *whole, *fold);
                Self::Regexes(expressions.iter().map(regex).collect::<Result<_, String>>()?)
            }
            Op::Below(paths) => {
                let plain = |path: &Vec<u8>| path.strip_suffix(b"/").unwrap_or(path).to_vec();
                let paths: Vec<Vec<u8>> = paths.iter().map(plain).collect();
                let below = |path: &Vec<u8>| [path.as_slice(), b"/"].concat();
                Self::Below(Prefixes::new((0..).zip(paths.iter().map(below))), paths)
            }
            Op::Numbers(ranges) => Self::Numbers(Ranges::new(ranges.clone())),
            Op::AnyBits(bits) => Self::AnyBits(*bits),
            Op::AllBits(bits) => Self::AllBits(*bits),
            Op::NoBits(bits) => Self::NoBits(*bits),
            Op::Within(networks) => Self::Within(Ranges::of_networks(networks.iter().copied())),
            Op::Field(compare, field) => Self::Field(*compare, *field),
        })
    }

    /// Whether a value passes; not for tests against another field.
    pub(crate) fn holds(&self, value: Value<'_>) -> bool {
        match (self, value) {
            (Self::Known, _) => true,
            (Self::Is(yes), Value::Bool(is)) => *yes == is,
            (Self::Numbers(ranges), Value::Number(number)) => ranges.contains(number),
            (Self::AnyBits(bits), Value::Number(number)) => number as u64 & bits != 0,
            (Self::AllBits(bits), Value::Number(number)) => number as u64 & bits == *bits,
            (Self::NoBits(bits), Value::Number(number)) => number as u64 & bits == 0,
            (Self::Within(networks), Value::Address(address)) => networks.contains(u128::from_be_bytes(address)),
            (_, Value::Text(text)) => self.holds_text(text),
            _ => false,
        }
    }

    fn holds_text(&self, text: &[u8]) -> bool {
        let lower;
        let text = match self {
            Self::Equals(_, true) | Self::Prefixes(_, true) | Self::Suffixes(_, true) | Self::Parts(_, true) => {
                lower = text.to_ascii_lowercase();
                &lower
            }
            _ => text,
        };
        match self {
            Self::Equals(values, _) => values.find(text).is_some(),
            Self::Differs(values) => values.find(text).is_none(),
            Self::Prefixes(values, _) => values.find(text).is_some(),
            Self::Suffixes(values, _) => values.find(text).is_some(),
            Self::Parts(values, _) => values.find(text).is_some(),
            Self::Globs(globs) => globs.iter().any(|glob| glob.matches(text)),
            Self::Regexes(expressions) => {
                let text = String::from_utf8_lossy(text);
                expressions.iter().any(|expression| expression.is_match(&text))
            }
            Self::Below(below, paths) => below.find(text).is_some() || paths.iter().any(|path| path.as_slice() == text),
            _ => false,
        }
    }
}

impl Compare {
    /// Whether a value is so to another.
    pub(crate) fn holds(self, value: Value<'_>, other: Value<'_>) -> bool {
        match (self, value, other) {
            (Self::Equal, value, other) => value == other,
            (Self::Less, Value::Number(one), Value::Number(other)) => one < other,
            (Self::LessOrEqual, Value::Number(one), Value::Number(other)) => one <= other,
            (Self::Text(how, true), Value::Text(one), Value::Text(other)) => {
                how.holds(&one.to_ascii_lowercase(), &other.to_ascii_lowercase())
            }
            (Self::Text(how, false), Value::Text(one), Value::Text(other)) => how.holds(one, other),
            _ => false,
        }
    }
}

impl How {
    /// Whether a text is so to another.
    #[must_use]
    pub fn holds(self, text: &[u8], other: &[u8]) -> bool {
        match self {
            Self::Equals => text == other,
            Self::StartsWith => text.starts_with(other),
            Self::EndsWith => text.ends_with(other),
            Self::Contains => memchr::memmem::find(text, other).is_some(),
        }
    }
}
