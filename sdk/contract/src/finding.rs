//! What a rule raises.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::IpAddr;

use minicbor::data::Type;

use crate::Severity;
use crate::cbor::{self, Items, Malformed, Reader, Writer, Written as _};
use crate::filter::write_number;

/// What a rule raises, as it travels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finding {
    /// The rule, by its index in the description.
    pub rule: u32,
    /// What happened, in one line for a person.
    pub message: String,
    /// In place of the rule's severity, where this one is better or worse.
    pub severity: Option<Severity>,
    /// Sequence numbers of the events behind it, the newest last.
    pub events: Vec<u64>,
    /// Image id of the process it is about, also of one that was in an earlier batch; left out, it is the process of the
    /// newest event.
    pub process: Option<u64>,
    /// Findings of a rule with the same key are about the same thing.
    pub key: Option<String>,
    /// More facts, by name.
    pub fields: Vec<(String, Fact)>,
}

/// A fact in a finding.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i128),
    /// Any number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// A path: bytes, most often UTF-8.
    Path(Vec<u8>),
    /// An address.
    Address(IpAddr),
    /// A process, by its image id.
    Process(u64),
    /// Several.
    List(Vec<Fact>),
}

/// How deep lists may lie in one another.
const MAX_DEPTH: usize = 4;

impl Finding {
    /// As it travels.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encoded(|writer| self.write(writer))
    }

    fn write(&self, writer: &mut Writer<'_>) {
        let Self { rule, message, severity, events, process, key, fields } = self;
        let there = [severity.is_some(), !events.is_empty(), process.is_some(), key.is_some(), !fields.is_empty()];
        writer.map(2 + cbor::count(&there)).written();
        writer.str("rule").and_then(|writer| writer.u32(*rule)).written();
        writer.str("message").and_then(|writer| writer.str(message)).written();
        if let Some(severity) = severity {
            writer.str("severity").and_then(|writer| writer.str(severity.name())).written();
        }
        if !events.is_empty() {
            writer.str("events").and_then(|writer| writer.array(events.len() as u64)).written();
            events.iter().for_each(|event| writer.u64(*event).map(drop).written());
        }
        if let Some(process) = process {
            writer.str("process").and_then(|writer| writer.u64(*process)).written();
        }
        if let Some(key) = key {
            writer.str("key").and_then(|writer| writer.str(key)).written();
        }
        if !fields.is_empty() {
            writer.str("fields").and_then(|writer| writer.array(fields.len() as u64)).written();
            for (name, value) in fields {
                writer.array(2).and_then(|writer| writer.str(name)).map(drop).written();
                value.write(writer);
            }
        }
    }

    /// From what travelled.
    ///
    /// # Errors
    /// It is not one.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut said = Self::default();
        let mut rule = None;
        cbor::map(&mut Reader::new(bytes), |key, decoder| {
            match key {
                "rule" => rule = Some(decoder.u32()?),
                "message" => said.message = cbor::text(decoder)?,
                // One that is not known leaves the rule's.
                "severity" => said.severity = Severity::from_name(decoder.str()?),
                "events" => said.events = cbor::list(decoder, |decoder| Ok(decoder.u64()?))?,
                "process" => said.process = Some(decoder.u64()?),
                "key" => said.key = Some(cbor::text(decoder)?),
                "fields" => cbor::array(decoder, |decoder| {
                    let (name, value) = field(decoder)?;
                    said.fields.extend(value.map(|value| (name, value)));
                    Ok(())
                })?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        said.rule = rule.ok_or_else(|| Malformed::new("a finding does not say of which rule it is"))?;
        Ok(said)
    }
}

impl Fact {
    fn write(&self, writer: &mut Writer<'_>) {
        let begin = |writer: &mut Writer<'_>, name: &str, count: usize| {
            writer.array(count as u64 + 1).and_then(|writer| writer.str(name)).map(drop).written();
        };
        match self {
            Self::Text(text) => writer.str(text).map(drop).written(),
            Self::Number(number) => write_number(writer, *number),
            Self::Float(number) => writer.f64(*number).map(drop).written(),
            Self::Bool(yes) => writer.bool(*yes).map(drop).written(),
            Self::Path(path) => {
                begin(writer, "path", 1);
                writer.bytes(path).map(drop).written();
            }
            Self::Address(address) => {
                begin(writer, "address", 1);
                match address {
                    IpAddr::V4(address) => writer.bytes(&address.octets()).map(drop).written(),
                    IpAddr::V6(address) => writer.bytes(&address.octets()).map(drop).written(),
                }
            }
            Self::Process(image) => {
                begin(writer, "process", 1);
                writer.u64(*image).map(drop).written();
            }
            Self::List(facts) => {
                begin(writer, "list", facts.len());
                facts.iter().for_each(|fact| fact.write(writer));
            }
        }
    }

    /// None for a fact of a kind that this version does not know; the caller passes over what is left of it.
    fn read(decoder: &mut Reader<'_>, depth: usize) -> Result<Option<Self>, Malformed> {
        Ok(Some(match decoder.datatype()? {
            Type::String => Self::Text(decoder.str()?.to_string()),
            Type::Bytes => Self::Path(decoder.bytes()?.to_vec()),
            Type::Bool => Self::Bool(decoder.bool()?),
            Type::F16 | Type::F32 | Type::F64 => Self::Float(cbor::float(decoder)?),
            Type::Array | Type::ArrayIndef => return Self::read_named(decoder, depth),
            kind if cbor::is_integer(kind) => Self::Number(cbor::integer(decoder)?),
            _ => return Ok(None),
        }))
    }

    /// A fact that says what it is.
    fn read_named(decoder: &mut Reader<'_>, depth: usize) -> Result<Option<Self>, Malformed> {
        let mut items = Items::of_array(decoder)?;
        if !items.next(decoder)? || decoder.datatype()? != Type::String {
            return Ok(None);
        }
        let name = decoder.str()?;
        if name == "list" {
            let mut facts = Vec::new();
            while items.next(decoder)? {
                if depth < MAX_DEPTH {
                    facts.extend(decoder.whole(|decoder| Self::read(decoder, depth + 1))?);
                } else {
                    decoder.skip()?;
                }
            }
            return Ok(Some(Self::List(facts)));
        }
        if !items.next(decoder)? {
            return Ok(None);
        }
        let fact = match name {
            "path" => cbor::bytes(decoder).ok().map(Self::Path),
            "address" => match decoder.bytes().ok() {
                Some(bytes) => match address(bytes) {
                    Some(address) => Some(Self::Address(address)),
                    None => return Err(Malformed::new("an address has 4 or 16 bytes")),
                },
                None => None,
            },
            "process" => decoder.u64().ok().map(Self::Process),
            _ => None,
        };
        match fact {
            Some(fact) if !items.next(decoder)? => Ok(Some(fact)),
            _ => Ok(None),
        }
    }

    /// Bytes that it takes, about.
    #[must_use]
    pub fn size(&self) -> usize {
        let inside = match self {
            Self::Text(text) => text.len(),
            Self::Path(path) => path.len(),
            Self::List(facts) => facts.iter().map(Self::size).sum(),
            _ => 0,
        };
        size_of::<Self>() + inside
    }
}

/// A name and a value, where that is of a kind that this version knows.
fn field(decoder: &mut Reader<'_>) -> Result<(String, Option<Fact>), Malformed> {
    let wrong = || Malformed::new("a field is not a name and a value");
    let mut items = Items::of_array(decoder)?;
    if !items.next(decoder)? {
        return Err(wrong());
    }
    let name = cbor::text(decoder)?;
    if !items.next(decoder)? {
        return Err(wrong());
    }
    let value = decoder.whole(|decoder| Fact::read(decoder, 0))?;
    match items.next(decoder)? {
        true => Err(wrong()),
        false => Ok((name, value)),
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok().map(|address| address.to_canonical())
}

macro_rules! numbers {
    ($($ty:ty),*) => {$(
        impl From<$ty> for Fact {
            fn from(number: $ty) -> Self {
                Self::Number(number.into())
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, i8, i16, i32, i64);

impl From<bool> for Fact {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}

impl From<f64> for Fact {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<String> for Fact {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Fact {
    fn from(text: &str) -> Self {
        Self::Text(text.to_string())
    }
}

impl From<IpAddr> for Fact {
    fn from(address: IpAddr) -> Self {
        Self::Address(address)
    }
}

/// Texts of the kernel are paths more often than not, and bytes in any case.
impl From<lanner_abi::Text<'_>> for Fact {
    fn from(text: lanner_abi::Text<'_>) -> Self {
        Self::Path(text.as_bytes().to_vec())
    }
}

impl From<&lanner_abi::Process<'_>> for Fact {
    fn from(process: &lanner_abi::Process<'_>) -> Self {
        Self::Process(process.image())
    }
}

impl<T: Into<Fact>> From<Vec<T>> for Fact {
    fn from(facts: Vec<T>) -> Self {
        Self::List(facts.into_iter().map(Into::into).collect())
    }
}
