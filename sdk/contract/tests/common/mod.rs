//! CBOR of any shape, also such as no writer of this version writes.

#![allow(dead_code, reason = "not every test needs all of it")]

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};
use proptest::prelude::*;

/// An item.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cbor {
    Number(i128),
    Bytes(Vec<u8>),
    Text(String),
    Array(Vec<Cbor>),
    Map(Vec<(Cbor, Cbor)>),
    /// Without a length.
    OpenArray(Vec<Cbor>),
    OpenMap(Vec<(Cbor, Cbor)>),
    Bool(bool),
    Null,
    Undefined,
    Simple(u8),
    Half(u16),
    Float(f64),
    Tag(u64, Box<Cbor>),
    /// As they are.
    Raw(Vec<u8>),
}

pub(crate) fn text(text: &str) -> Cbor {
    Cbor::Text(text.to_owned())
}

pub(crate) fn map<const N: usize>(entries: [(&str, Cbor); N]) -> Cbor {
    Cbor::Map(entries.into_iter().map(|(key, value)| (text(key), value)).collect())
}

impl From<&str> for Cbor {
    fn from(value: &str) -> Self {
        text(value)
    }
}

impl From<i128> for Cbor {
    fn from(number: i128) -> Self {
        Self::Number(number)
    }
}

impl Cbor {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        bytes
    }

    fn write(&self, out: &mut Vec<u8>) {
        let all = |out: &mut Vec<u8>, items: &[Cbor]| items.iter().for_each(|item| item.write(out));
        let entries = |out: &mut Vec<u8>, entries: &[(Cbor, Cbor)]| {
            for (key, value) in entries {
                key.write(out);
                value.write(out);
            }
        };
        let mut writer = Encoder::new(&mut *out);
        match self {
            Self::Number(number) => {
                writer.int((*number).try_into().expect("CBOR has it")).map(drop).expect("memory");
            }
            Self::Bytes(bytes) => writer.bytes(bytes).map(drop).expect("memory"),
            Self::Text(text) => writer.str(text).map(drop).expect("memory"),
            Self::Array(items) => {
                writer.array(items.len() as u64).expect("memory");
                all(out, items);
            }
            Self::Map(items) => {
                writer.map(items.len() as u64).expect("memory");
                entries(out, items);
            }
            Self::OpenArray(items) => {
                out.push(0x9f);
                all(out, items);
                out.push(0xff);
            }
            Self::OpenMap(items) => {
                out.push(0xbf);
                entries(out, items);
                out.push(0xff);
            }
            Self::Bool(yes) => writer.bool(*yes).map(drop).expect("memory"),
            Self::Null => writer.null().map(drop).expect("memory"),
            Self::Undefined => writer.undefined().map(drop).expect("memory"),
            Self::Simple(number) => writer.simple(*number).map(drop).expect("memory"),
            Self::Half(bits) => {
                out.push(0xf9);
                out.extend(bits.to_be_bytes());
            }
            Self::Float(number) => writer.f64(*number).map(drop).expect("memory"),
            Self::Tag(tag, item) => {
                writer.tag(minicbor::data::Tag::new(*tag)).expect("memory");
                item.write(out);
            }
            Self::Raw(bytes) => out.extend(bytes),
        }
    }

    /// Of what a writer of this version wrote.
    pub(crate) fn decode(bytes: &[u8]) -> Self {
        Self::read(&mut Decoder::new(bytes))
    }

    fn read(decoder: &mut Decoder<'_>) -> Self {
        match decoder.datatype().expect("an item") {
            Type::Bytes => Self::Bytes(decoder.bytes().expect("bytes").to_vec()),
            Type::String => text(decoder.str().expect("a text")),
            Type::Bool => Self::Bool(decoder.bool().expect("yes or no")),
            Type::F64 => Self::Float(decoder.f64().expect("a float")),
            Type::Array => {
                let count = decoder.array().expect("an array").expect("its length");
                Self::Array((0..count).map(|_| Self::read(decoder)).collect())
            }
            Type::Map => {
                let count = decoder.map().expect("a map").expect("its length");
                Self::Map((0..count).map(|_| (Self::read(decoder), Self::read(decoder))).collect())
            }
            _ => Self::Number(decoder.int().expect("a number").into()),
        }
    }

    /// The value of a key, to be changed.
    pub(crate) fn at(&mut self, key: &str) -> &mut Self {
        let Self::Map(entries) = self else { panic!("{self:?} is no map") };
        let found = entries.iter_mut().find(|(known, _)| *known == text(key));
        &mut found.unwrap_or_else(|| panic!("there is no {key}")).1
    }

    /// An item of an array, to be changed.
    pub(crate) fn item(&mut self, number: usize) -> &mut Self {
        let Self::Array(items) = self else { panic!("{self:?} is no array") };
        &mut items[number]
    }

    /// As a later version would write it: every map has keys that nobody knows yet, and lengths may be left out.
    pub(crate) fn grown(self, more: &mut More) -> Self {
        match self {
            Self::Array(items) => {
                let items = items.into_iter().map(|item| item.grown(more)).collect();
                if more.choose(2) == 0 { Self::OpenArray(items) } else { Self::Array(items) }
            }
            Self::Map(entries) => {
                let mut entries: Vec<_> = entries.into_iter().map(|(key, value)| (key, value.grown(more))).collect();
                for _ in 0..more.choose(3) {
                    let place = more.choose(entries.len() + 1);
                    entries.insert(place, more.entry());
                }
                if more.choose(2) == 0 { Self::OpenMap(entries) } else { Self::Map(entries) }
            }
            other => other,
        }
    }
}

/// What a later version adds, and where.
#[derive(Clone, Debug)]
pub(crate) struct More {
    entries: Vec<(Cbor, Cbor)>,
    state: u64,
}

impl More {
    /// A number below `most`.
    fn choose(&mut self, most: usize) -> usize {
        // xorshift
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % most as u64) as usize
    }

    fn entry(&mut self) -> (Cbor, Cbor) {
        let place = self.choose(self.entries.len());
        self.entries[place].clone()
    }
}

/// Any item.
pub(crate) fn any_cbor() -> impl Strategy<Value = Cbor> {
    let limit = i128::from(u64::MAX);
    let leaf = prop_oneof![
        (-limit - 1..=limit).prop_map(Cbor::Number),
        (-300_i128..300).prop_map(Cbor::Number),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Cbor::Bytes),
        "\\PC{0,8}".prop_map(Cbor::Text),
        any::<bool>().prop_map(Cbor::Bool),
        Just(Cbor::Null),
        Just(Cbor::Undefined),
        prop_oneof![0_u8..20, 32_u8..].prop_map(Cbor::Simple),
        any::<u16>().prop_map(Cbor::Half),
        any::<f64>().prop_map(Cbor::Float),
        // A text and bytes in pieces.
        Just(Cbor::Raw(vec![0x7f, 0x61, b'a', 0x60, 0xff])),
        Just(Cbor::Raw(vec![0x5f, 0x41, 0xee, 0x40, 0xff])),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let items = prop::collection::vec(inner.clone(), 0..4);
        let entries = prop::collection::vec((inner.clone(), inner.clone()), 0..4);
        prop_oneof![
            items.clone().prop_map(Cbor::Array),
            items.prop_map(Cbor::OpenArray),
            entries.clone().prop_map(Cbor::Map),
            entries.prop_map(Cbor::OpenMap),
            (any::<u64>(), inner).prop_map(|(tag, item)| Cbor::Tag(tag, Box::new(item))),
        ]
    })
}

/// Keys that no version knows yet: names, and items that are no names at all.
pub(crate) fn any_more() -> impl Strategy<Value = More> {
    let other = any_cbor().prop_filter("no name", |key| !matches!(key, Cbor::Text(_)));
    let key = prop_oneof!["later-[a-z]{0,4}".prop_map(Cbor::Text), other];
    let entries = prop::collection::vec((key, any_cbor()), 1..6);
    (entries, 1_u64..).prop_map(|(entries, state)| More { entries, state })
}
