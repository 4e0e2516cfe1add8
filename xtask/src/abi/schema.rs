//! The schema, read and laid out.

use std::collections::BTreeSet;

use anyhow::{Result, bail, ensure};
use serde::Deserialize;

/// Records begin at multiples of this, bytes.
const RECORD_ALIGNMENT: usize = 8;

/// The schema.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Schema {
    pub(super) version: u16,
    #[serde(rename = "section")]
    pub(super) sections: Vec<Record>,
    #[serde(rename = "kind")]
    pub(super) kinds: Vec<Record>,
    pub(super) flags: Vec<Flags>,
    #[serde(rename = "filter")]
    pub(super) filters: Vec<Filter>,
}

/// The records of a section, or the payload of a kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) number: u16,
    pub(super) doc: String,
    pub(super) fields: Vec<Field>,
}

/// A field.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Field {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: Type,
    pub(super) doc: String,
    /// The set of bits that it holds.
    pub(super) flags: Option<String>,
    /// Offset into the record, bytes; laid out after reading.
    #[serde(skip)]
    pub(super) offset: usize,
}

/// A field's type.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Type {
    U8,
    U16,
    U32,
    U64,
    I32,
    I64,
    Text,
    Bytes16,
}

/// A set of bits.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Flags {
    pub(super) name: String,
    pub(super) values: Vec<Flag>,
}

/// One bit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Flag {
    pub(super) name: String,
    pub(super) bit: u32,
    pub(super) doc: String,
}

/// A text that subscriptions may filter on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    pub(super) field: String,
    pub(super) doc: Option<String>,
}

impl Type {
    /// Size, bytes.
    pub(super) fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::U32 | Self::I32 => 4,
            Self::U64 | Self::I64 | Self::Text => 8,
            Self::Bytes16 => 16,
        }
    }

    fn alignment(self) -> usize {
        match self {
            Self::Text => 4,
            Self::Bytes16 => 8,
            scalar => scalar.size(),
        }
    }

    /// The name in the schema.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::Text => "text",
            Self::Bytes16 => "bytes16",
        }
    }
}

impl Record {
    /// Size of a record, bytes.
    pub(super) fn size(&self) -> usize {
        let end = self.fields.last().map_or(0, |field| field.offset + field.kind.size());
        end.next_multiple_of(RECORD_ALIGNMENT)
    }

    fn lay_out(&mut self) {
        let mut end = 0_usize;
        for field in &mut self.fields {
            field.offset = end.next_multiple_of(field.kind.alignment());
            end = field.offset + field.kind.size();
        }
    }
}

impl Schema {
    /// Reads and checks a schema.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut schema: Self = toml::from_str(text)?;
        schema.sections.iter_mut().chain(&mut schema.kinds).for_each(Record::lay_out);
        let mut kinds = BTreeSet::new();
        for kind in &schema.kinds {
            ensure!((1..128).contains(&kind.number), "kind {}: the number is not in 1 to 127", kind.name);
            ensure!(kinds.insert(kind.number), "kind {}: the number {} is taken", kind.name, kind.number);
        }
        for record in schema.sections.iter().chain(&schema.kinds) {
            for set in record.fields.iter().filter_map(|field| field.flags.as_ref()) {
                ensure!(schema.flags.iter().any(|flags| flags.name == *set), "{}: no flags {set}", record.name);
            }
        }
        for filter in &schema.filters {
            let Some((owner, _)) = filter.field.split_once('.') else {
                bail!("filter {} is not of the form owner.field", filter.field)
            };
            let known = owner == "process" || schema.kinds.iter().any(|kind| kind.name == owner);
            ensure!(known, "filter {}: {owner} is neither `process` nor a kind", filter.field);
        }
        Ok(schema)
    }
}
