//! Filters: what of a kind's events somebody wants.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use minicbor::data::Type;

use crate::cbor::{self, Items, Malformed, Reader, Writer, Written as _};

/// How deep filters may lie in one another: below the outermost one.
pub const MAX_DEPTH: usize = 16;

/// What an event must be like. A test of a field that is not known does not hold; its negation does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Filter {
    /// All of these hold. They do where there are none.
    All(Vec<Filter>),
    /// At least one of these holds.
    Any(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// A field, by its name, passes a test.
    Field(String, Test),
    /// A field, by its name, has a value that stands in a list of the pack, by its name.
    Listed(String, String),
    /// A test that this version does not know, or whose values it does not know, by its name; none where it has none.
    Unknown(String),
}

/// What the value of a field must be like.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Test {
    /// One of these: of any field.
    Equals(Vec<Literal>),
    /// Begins with one of these: of a text.
    StartsWith(Vec<Vec<u8>>),
    /// Ends with one of these: of a text.
    EndsWith(Vec<Vec<u8>>),
    /// Has one of these in it: of a text.
    Contains(Vec<Vec<u8>>),
    /// Lies in one of these ranges, both ends included: of a number.
    Between(Vec<(i128, i128)>),
    /// Has at least one of these bits: of bits or a number.
    AnyBits(u64),
    /// Has all of these bits.
    AllBits(u64),
    /// Has none of these bits.
    NoBits(u64),
    /// Lies in one of these networks, each an address (IPv4 as an IPv4-mapped IPv6 address) and the number of its bits that
    /// count, of 128: of an address.
    Within(Vec<([u8; 16], u8)>),
    /// Is known: of any field.
    Known,
}

/// A value to be compared with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Literal {
    /// Of a text; of an address its 16 bytes.
    Bytes(Vec<u8>),
    /// Of a number.
    Number(i128),
    /// Of yes or no.
    Bool(bool),
}

impl Filter {
    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        let begin = |writer: &mut Writer<'_>, name: &str, arguments: usize| {
            writer.array(arguments as u64 + 1).and_then(|writer| writer.str(name)).written();
        };
        match self {
            Self::All(filters) | Self::Any(filters) => {
                begin(writer, if matches!(self, Self::All(_)) { "all" } else { "any" }, filters.len());
                filters.iter().for_each(|filter| filter.write(writer));
            }
            Self::Not(filter) => {
                begin(writer, "not", 1);
                filter.write(writer);
            }
            Self::Listed(field, list) => {
                begin(writer, "listed", 2);
                writer.str(field).and_then(|writer| writer.str(list)).written();
            }
            Self::Unknown(name) => begin(writer, name, 0),
            Self::Field(field, test) => {
                begin(writer, test.name(), test.len() + 1);
                writer.str(field).written();
                test.write(writer);
            }
        }
    }

    /// Whatever is well-formed is read: what this version does not know becomes `Unknown`, and only the rule that needs it
    /// is left out.
    pub(crate) fn read(decoder: &mut Reader<'_>, depth: usize) -> Result<Self, Malformed> {
        if depth > MAX_DEPTH {
            // What lies deeper is not kept; that it lies too deep is seen when it is checked.
            decoder.skip()?;
            return Ok(Self::All(Vec::new()));
        }
        if !matches!(decoder.datatype()?, Type::Array | Type::ArrayIndef) {
            decoder.skip()?;
            return Ok(Self::Unknown(String::new()));
        }
        let mut items = Items::of_array(decoder)?;
        if !items.next(decoder)? {
            return Ok(Self::Unknown(String::new()));
        }
        if decoder.datatype()? != Type::String {
            decoder.skip()?;
            items.skip(decoder)?;
            return Ok(Self::Unknown(String::new()));
        }
        let name = decoder.str()?;
        if matches!(name, "all" | "any" | "not") {
            let mut filters = Vec::new();
            while items.next(decoder)? {
                filters.push(Self::read(decoder, depth + 1)?);
            }
            return Ok(match (name, filters.len()) {
                ("all", _) => Self::All(filters),
                ("any", _) => Self::Any(filters),
                (_, 1) => Self::Not(Box::new(filters.pop().unwrap_or(Self::All(Vec::new())))),
                _ => Self::Unknown(name.to_string()),
            });
        }
        // A test is read with what follows it, or passed over as a whole.
        let (mut ahead, inside) = (decoder.clone(), items);
        items.skip(decoder)?;
        let test = Self::read_test(name, &mut ahead, inside);
        Ok(test.unwrap_or_else(|| Self::Unknown(name.to_string())))
    }

    /// None where it is no test that this version knows.
    fn read_test(name: &str, decoder: &mut Reader<'_>, mut items: Items) -> Option<Self> {
        let field = items.next(decoder).ok()?.then(|| cbor::text(decoder).ok())??;
        if name == "listed" {
            let list = items.next(decoder).ok()?.then(|| cbor::text(decoder).ok())??;
            return (!items.next(decoder).ok()?).then_some(Self::Listed(field, list));
        }
        Some(Self::Field(field, Test::read(name, decoder, items)?))
    }
}

impl Test {
    /// The names of all tests, as they travel.
    pub(crate) const NAMES: [&'static str; 14] = [
        "all",
        "any",
        "not",
        "equals",
        "starts-with",
        "ends-with",
        "contains",
        "between",
        "any-bits",
        "all-bits",
        "no-bits",
        "within",
        "known",
        "listed",
    ];

    /// The name that it travels by.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Equals(_) => "equals",
            Self::StartsWith(_) => "starts-with",
            Self::EndsWith(_) => "ends-with",
            Self::Contains(_) => "contains",
            Self::Between(_) => "between",
            Self::AnyBits(_) => "any-bits",
            Self::AllBits(_) => "all-bits",
            Self::NoBits(_) => "no-bits",
            Self::Within(_) => "within",
            Self::Known => "known",
        }
    }

    /// How many values it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Equals(values) => values.len(),
            Self::StartsWith(values) | Self::EndsWith(values) | Self::Contains(values) => values.len(),
            Self::Between(ranges) => ranges.len(),
            Self::Within(networks) => networks.len(),
            Self::AnyBits(_) | Self::AllBits(_) | Self::NoBits(_) => 1,
            Self::Known => 0,
        }
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Self::Equals(values) => values.iter().for_each(|value| match value {
                Literal::Bytes(bytes) => write_bytes(writer, bytes),
                Literal::Number(number) => write_number(writer, *number),
                Literal::Bool(yes) => writer.bool(*yes).map(drop).written(),
            }),
            Self::StartsWith(values) | Self::EndsWith(values) | Self::Contains(values) => {
                values.iter().for_each(|value| write_bytes(writer, value));
            }
            Self::Between(ranges) => ranges.iter().for_each(|(from, to)| {
                writer.array(2).map(drop).written();
                write_number(writer, *from);
                write_number(writer, *to);
            }),
            Self::AnyBits(bits) | Self::AllBits(bits) | Self::NoBits(bits) => writer.u64(*bits).map(drop).written(),
            Self::Within(networks) => networks.iter().for_each(|(address, bits)| {
                writer.array(2).and_then(|writer| writer.bytes(address)).and_then(|writer| writer.u8(*bits)).written();
            }),
            Self::Known => {}
        }
    }

    /// None where it is no test that this version knows.
    fn read(name: &str, decoder: &mut Reader<'_>, mut items: Items) -> Option<Self> {
        /// What is left of the array.
        fn values<'b, T>(
            decoder: &mut Reader<'b>,
            mut items: Items,
            mut read: impl FnMut(&mut Reader<'b>) -> Option<T>,
        ) -> Option<Vec<T>> {
            let mut values = Vec::new();
            while items.next(decoder).ok()? {
                values.push(read(decoder)?);
            }
            Some(values)
        }
        fn pair<'b, T, U>(
            decoder: &mut Reader<'b>,
            first: impl FnOnce(&mut Reader<'b>) -> Option<T>,
            second: impl FnOnce(&mut Reader<'b>) -> Option<U>,
        ) -> Option<(T, U)> {
            let mut items = Items::of_array(decoder).ok()?;
            let first = items.next(decoder).ok()?.then(|| first(decoder))??;
            let second = items.next(decoder).ok()?.then(|| second(decoder))??;
            (!items.next(decoder).ok()?).then_some((first, second))
        }
        let bytes = |decoder: &mut Reader<'_>| cbor::bytes(decoder).ok();
        let integer = |decoder: &mut Reader<'_>| cbor::integer(decoder).ok();
        let mut bits = || {
            let bits = items.next(decoder).ok()?.then(|| decoder.u64().ok())??;
            (!items.next(decoder).ok()?).then_some(bits)
        };
        Some(match name {
            "any-bits" => Self::AnyBits(bits()?),
            "all-bits" => Self::AllBits(bits()?),
            "no-bits" => Self::NoBits(bits()?),
            "equals" => Self::Equals(values(decoder, items, Literal::read)?),
            "starts-with" => Self::StartsWith(values(decoder, items, bytes)?),
            "ends-with" => Self::EndsWith(values(decoder, items, bytes)?),
            "contains" => Self::Contains(values(decoder, items, bytes)?),
            "between" => Self::Between(values(decoder, items, |decoder| pair(decoder, integer, integer))?),
            "within" => Self::Within(values(decoder, items, |decoder| {
                let address = |decoder: &mut Reader<'_>| decoder.bytes().ok()?.try_into().ok();
                // That there are not so many is seen when it is checked.
                let bits = |decoder: &mut Reader<'_>| Some(u8::try_from(decoder.u64().ok()?).unwrap_or(u8::MAX));
                pair(decoder, address, bits)
            })?),
            "known" if !items.next(decoder).ok()? => Self::Known,
            _ => return None,
        })
    }
}

impl Literal {
    fn read(decoder: &mut Reader<'_>) -> Option<Self> {
        Some(match decoder.datatype().ok()? {
            Type::Bool => Self::Bool(decoder.bool().ok()?),
            Type::Bytes | Type::String => Self::Bytes(cbor::bytes(decoder).ok()?),
            kind if cbor::is_integer(kind) => Self::Number(cbor::integer(decoder).ok()?),
            _ => return None,
        })
    }
}

/// As a text where it is one, which is easier to read.
fn write_bytes(writer: &mut Writer<'_>, bytes: &[u8]) {
    match core::str::from_utf8(bytes) {
        Ok(text) => writer.str(text).map(drop).written(),
        Err(_) => writer.bytes(bytes).map(drop).written(),
    }
}

/// Numbers that CBOR does not have become the nearest that it has.
pub(crate) fn write_number(writer: &mut Writer<'_>, number: i128) {
    let limit = i128::from(u64::MAX);
    let number = number.clamp(-limit - 1, limit);
    if let Ok(number) = minicbor::data::Int::try_from(number) {
        writer.int(number).map(drop).written();
    }
}

macro_rules! literal {
    ($($ty:ty),*) => {$(
        impl From<$ty> for Literal {
            fn from(number: $ty) -> Self {
                Self::Number(number.into())
            }
        }
    )*};
}

literal!(u8, u16, u32, u64, i32, i64);

impl From<bool> for Literal {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}
