//! What can be set in a pack.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use minicbor::data::Type;

use crate::cbor::{self, Malformed, Reader, Writer, Written as _};
use crate::filter::write_number;

/// Something that can be set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// What it does, in one line.
    pub summary: String,
    /// What it takes.
    pub takes: SettingType,
    /// What it is where nobody sets it; where there is none, the pack does without.
    pub default: Option<SettingValue>,
}

/// What a setting takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SettingType {
    /// Any text.
    #[default]
    Text,
    /// One of these texts.
    OneOf(Vec<String>),
    /// Texts, any number of them.
    Texts,
    /// A whole number in this range, both ends included.
    Number(i64, i64),
    /// Yes or no.
    Boolean,
    /// Something that this version does not know, by its name: it cannot be set here.
    Unknown(String),
}

/// What something is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    /// A text.
    Text(String),
    /// Texts.
    Texts(Vec<String>),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Boolean(bool),
}

impl SettingType {
    fn name(&self) -> &str {
        match self {
            Self::Text => "text",
            Self::OneOf(_) => "one-of",
            Self::Texts => "texts",
            Self::Number(..) => "number",
            Self::Boolean => "boolean",
            Self::Unknown(name) => name,
        }
    }

    /// Whether it takes this value.
    #[must_use]
    pub fn takes(&self, value: &SettingValue) -> bool {
        match (self, value) {
            (Self::Text, SettingValue::Text(_))
            | (Self::Texts, SettingValue::Texts(_))
            | (Self::Boolean, SettingValue::Boolean(_)) => true,
            (Self::OneOf(choices), SettingValue::Text(text)) => choices.contains(text),
            (Self::Number(from, to), SettingValue::Number(number)) => (from..=to).contains(&number),
            _ => false,
        }
    }
}

impl fmt::Display for SettingType {
    /// As it is told to people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("a text"),
            Self::OneOf(choices) => write!(f, "one of {}", choices.join(", ")),
            Self::Texts => f.write_str("texts, parted by commas"),
            Self::Number(i64::MIN, i64::MAX) => f.write_str("a whole number"),
            Self::Number(from, i64::MAX) => write!(f, "a whole number from {from} on"),
            Self::Number(from, to) => write!(f, "a whole number from {from} to {to}"),
            Self::Boolean => f.write_str("true or false"),
            Self::Unknown(name) => write!(f, "what this version does not know ({name})"),
        }
    }
}

impl fmt::Display for SettingValue {
    /// As a person would write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Texts(texts) => f.write_str(&texts.join(",")),
            Self::Number(number) => write!(f, "{number}"),
            Self::Boolean(yes) => write!(f, "{yes}"),
        }
    }
}

impl Setting {
    /// The value that a person wrote; a list's texts are parted by commas.
    ///
    /// # Errors
    /// It takes no such thing: the rest of a sentence that begins with the setting's name.
    pub fn parse(&self, written: &str) -> Result<SettingValue, String> {
        let value = match &self.takes {
            SettingType::Text => Ok(SettingValue::Text(written.to_string())),
            SettingType::OneOf(choices) if choices.iter().any(|choice| choice == written) => {
                Ok(SettingValue::Text(written.to_string()))
            }
            SettingType::OneOf(choices) => Err(format!("is one of {}", choices.join(", "))),
            SettingType::Texts => Ok(SettingValue::Texts(
                written.split(',').map(str::trim).filter(|text| !text.is_empty()).map(String::from).collect(),
            )),
            SettingType::Number(from, to) => match written.parse() {
                Ok(number) if (from..=to).contains(&&number) => Ok(SettingValue::Number(number)),
                _ => Err(format!("is a whole number from {from} to {to}")),
            },
            SettingType::Boolean => match written {
                "true" => Ok(SettingValue::Boolean(true)),
                "false" => Ok(SettingValue::Boolean(false)),
                _ => Err("is true or false".to_string()),
            },
            SettingType::Unknown(name) => {
                return Err(format!("takes what this host does not know ({name}); it needs a newer lanner"));
            }
        };
        value.map_err(|takes| format!("{takes}, and cannot be {written:?}"))
    }

    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        let Self { name, summary, takes, default } = self;
        let more = match takes {
            SettingType::OneOf(_) => 1,
            SettingType::Number(..) => 2,
            _ => 0,
        };
        writer.map(3 + more + u64::from(default.is_some())).written();
        for (key, text) in [("name", name.as_str()), ("summary", summary), ("type", takes.name())] {
            writer.str(key).and_then(|writer| writer.str(text)).written();
        }
        match takes {
            SettingType::OneOf(choices) => {
                writer.str("choices").map(drop).written();
                cbor::write_texts(writer, choices);
            }
            SettingType::Number(from, to) => {
                writer.str("least").map(drop).written();
                write_number(writer, (*from).into());
                writer.str("most").map(drop).written();
                write_number(writer, (*to).into());
            }
            _ => {}
        }
        if let Some(default) = default {
            writer.str("default").map(drop).written();
            default.write(writer);
        }
    }

    pub(crate) fn read(decoder: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut said = Self::default();
        let (mut takes, mut choices, mut least, mut most) = (String::new(), Vec::new(), i64::MIN, i64::MAX);
        cbor::map(decoder, |key, decoder| {
            match key {
                "name" => said.name = cbor::text(decoder)?,
                "summary" => said.summary = cbor::text(decoder)?,
                "type" => takes = cbor::text(decoder)?,
                "choices" => choices = cbor::texts(decoder)?,
                "least" => least = decoder.i64()?,
                "most" => most = decoder.i64()?,
                "default" => said.default = decoder.whole(SettingValue::read)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        said.takes = match takes.as_str() {
            "text" => SettingType::Text,
            "one-of" => SettingType::OneOf(choices),
            "texts" => SettingType::Texts,
            "number" => SettingType::Number(least, most),
            "boolean" => SettingType::Boolean,
            _ => SettingType::Unknown(takes),
        };
        Ok(said)
    }
}

impl SettingValue {
    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Self::Text(text) => writer.str(text).map(drop).written(),
            Self::Texts(texts) => cbor::write_texts(writer, texts),
            Self::Number(number) => write_number(writer, (*number).into()),
            Self::Boolean(yes) => writer.bool(*yes).map(drop).written(),
        }
    }

    /// None for a value of a type that this version does not know.
    pub(crate) fn read(decoder: &mut Reader<'_>) -> Result<Option<Self>, Malformed> {
        Ok(match decoder.datatype()? {
            Type::String => Some(Self::Text(cbor::text(decoder)?)),
            Type::Bool => Some(Self::Boolean(decoder.bool()?)),
            Type::Array | Type::ArrayIndef => cbor::texts(decoder).ok().map(Self::Texts),
            kind if cbor::is_integer(kind) => decoder.i64().ok().map(Self::Number),
            _ => None,
        })
    }
}
