//! CBOR, as far as the contract uses it.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use core::ops::{Deref, DerefMut};

use minicbor::Decoder;
use minicbor::data::Type;
use minicbor::decode::Error;

/// The writer of everything here: it writes to memory, which does not fail.
pub(crate) type Writer<'a> = minicbor::Encoder<&'a mut Vec<u8>>;

/// Bytes are not what they should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the bytes are not what docs/contract.md says: {}", self.0)
    }
}

impl core::error::Error for Malformed {}

impl From<Error> for Malformed {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

impl Malformed {
    pub(crate) fn new(what: &str) -> Self {
        Self(what.to_string())
    }
}

/// Items of arrays and keys of maps that something may have in all. Each may become a hundred times as long in memory as it
/// was in bytes, so that bytes alone would not bound what is kept.
const MAX_PARTS: u32 = 1 << 19;

/// Bytes, and how much more may be in them.
#[derive(Clone)]
pub(crate) struct Reader<'b> {
    decoder: Decoder<'b>,
    parts: u32,
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { decoder: Decoder::new(bytes), parts: MAX_PARTS }
    }

    /// Reads what comes next, and goes to where it ends, however much of it was read.
    pub(crate) fn whole<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Malformed>) -> Result<T, Malformed> {
        let mut ahead = self.clone();
        self.skip()?;
        let value = read(&mut ahead)?;
        self.parts = ahead.parts;
        Ok(value)
    }
}

impl<'b> Deref for Reader<'b> {
    type Target = Decoder<'b>;

    fn deref(&self) -> &Decoder<'b> {
        &self.decoder
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.decoder
    }
}

/// What is left to be read of an array, or of the keys of a map.
#[derive(Clone, Copy)]
pub(crate) struct Items {
    /// None where a break ends it.
    left: Option<u64>,
}

impl Items {
    /// Those of the array that comes next.
    pub(crate) fn of_array(decoder: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self { left: decoder.array()? })
    }

    /// Whether there is another, which then comes next.
    pub(crate) fn next(&mut self, decoder: &mut Reader<'_>) -> Result<bool, Malformed> {
        match &mut self.left {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Self::count(decoder)
            }
            None if decoder.datatype()? == Type::Break => {
                decoder.skip()?;
                self.left = Some(0);
                Ok(false)
            }
            None => Self::count(decoder),
        }
    }

    fn count(decoder: &mut Reader<'_>) -> Result<bool, Malformed> {
        decoder.parts = decoder.parts.checked_sub(1).ok_or_else(|| Malformed::new("there is too much of it"))?;
        Ok(true)
    }

    /// Passes over all that is left.
    pub(crate) fn skip(&mut self, decoder: &mut Reader<'_>) -> Result<(), Malformed> {
        while self.next(decoder)? {
            decoder.skip()?;
        }
        Ok(())
    }
}

/// Reads a map: hands each key to `entry`, which reads the value and says so, or leaves it to be passed over.
pub(crate) fn map<'b>(
    decoder: &mut Reader<'b>,
    mut entry: impl FnMut(&str, &mut Reader<'b>) -> Result<bool, Malformed>,
) -> Result<(), Malformed> {
    let mut keys = Items { left: decoder.map()? };
    while keys.next(decoder)? {
        if !matches!(decoder.datatype()?, Type::String) {
            // A key of another type is one that is not known.
            decoder.skip()?;
            decoder.skip()?;
            continue;
        }
        let key = decoder.str()?;
        if !entry(key, decoder)? {
            decoder.skip()?;
        }
    }
    Ok(())
}

/// Reads an array, item by item.
pub(crate) fn array<'b>(
    decoder: &mut Reader<'b>,
    mut item: impl FnMut(&mut Reader<'b>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut items = Items::of_array(decoder)?;
    while items.next(decoder)? {
        item(decoder)?;
    }
    Ok(())
}

pub(crate) fn list<'b, T>(
    decoder: &mut Reader<'b>,
    mut item: impl FnMut(&mut Reader<'b>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let mut all = Vec::new();
    array(decoder, |decoder| {
        all.push(item(decoder)?);
        Ok(())
    })?;
    Ok(all)
}

pub(crate) fn text(decoder: &mut Reader<'_>) -> Result<String, Malformed> {
    Ok(decoder.str()?.to_string())
}

pub(crate) fn texts(decoder: &mut Reader<'_>) -> Result<Vec<String>, Malformed> {
    list(decoder, text)
}

/// Pairs, as arrays of two.
pub(crate) fn pairs(decoder: &mut Reader<'_>) -> Result<Vec<(String, String)>, Malformed> {
    list(decoder, |decoder| {
        let mut pair = texts(decoder)?.into_iter();
        Ok((pair.next().unwrap_or_default(), pair.next().unwrap_or_default()))
    })
}

/// A text, or bytes.
pub(crate) fn bytes(decoder: &mut Reader<'_>) -> Result<Vec<u8>, Malformed> {
    match decoder.datatype()? {
        Type::String => Ok(decoder.str()?.as_bytes().to_vec()),
        _ => Ok(decoder.bytes()?.to_vec()),
    }
}

/// Any integer of CBOR: from -2^64 to 2^64 - 1.
pub(crate) fn integer(decoder: &mut Reader<'_>) -> Result<i128, Malformed> {
    Ok(decoder.int()?.into())
}

/// Any float of CBOR. Encoders that write every number as short as they can write most of them in 16 bits.
pub(crate) fn float(decoder: &mut Reader<'_>) -> Result<f64, Malformed> {
    match decoder.datatype()? {
        Type::F64 => Ok(decoder.f64()?),
        Type::F32 => Ok(decoder.f32()?.into()),
        _ => {
            let bits = decoder.input().get(decoder.position() + 1..).and_then(<[u8]>::first_chunk);
            decoder.skip()?;
            bits.map(|bits| half(u16::from_be_bytes(*bits))).ok_or_else(|| Malformed::new("a number is cut"))
        }
    }
}

/// A float of 16 bits: a sign, 5 bits of the exponent, 10 of the fraction.
fn half(bits: u16) -> f64 {
    let sign = f64::from_bits(u64::from(bits >> 15) << 63 | 1_f64.to_bits());
    let fraction = f64::from(bits & 0x3ff);
    sign * match bits >> 10 & 0x1f {
        // 2^-24.
        0 => fraction / 16_777_216.0,
        0x1f if fraction > 0.0 => f64::NAN,
        0x1f => f64::INFINITY,
        exponent => f64::from_bits(u64::from(exponent + 1023 - 15) << 52) * (1.0 + fraction / 1024.0),
    }
}

/// Whether an integer comes next.
pub(crate) fn is_integer(kind: Type) -> bool {
    matches!(
        kind,
        Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int
    )
}

/// How many entries a map has: those that are there.
pub(crate) fn count(there: &[bool]) -> u64 {
    there.iter().filter(|there| **there).count() as u64
}

/// Writing to memory does not fail.
pub(crate) trait Written {
    fn written(self);
}

impl<T, E> Written for Result<T, E> {
    fn written(self) {
        debug_assert!(self.is_ok(), "memory takes all that is written");
    }
}

pub(crate) fn write_pairs(writer: &mut Writer<'_>, pairs: &[(String, String)]) {
    writer.array(pairs.len() as u64).written();
    for (name, value) in pairs {
        writer.array(2).and_then(|writer| writer.str(name)).and_then(|writer| writer.str(value)).written();
    }
}

pub(crate) fn write_texts(writer: &mut Writer<'_>, texts: &[String]) {
    writer.array(texts.len() as u64).written();
    for text in texts {
        writer.str(text).written();
    }
}

/// Encodes to new bytes.
pub(crate) fn encoded(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut minicbor::Encoder::new(&mut bytes));
    bytes
}
