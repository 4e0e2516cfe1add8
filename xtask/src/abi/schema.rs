//! `sdk/abi/schema.toml`, read and laid out.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

/// Records begin at multiples of it, bytes.
const RECORD_ALIGN: usize = 8;
/// Payload sections have the number of their kind, plus this.
pub(super) const PAYLOAD_BASE: u16 = 0x100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Schema {
    pub(super) version: u16,
    #[serde(rename = "section")]
    pub(super) sections: Vec<Record>,
    #[serde(rename = "kind")]
    pub(super) kinds: Vec<Record>,
    #[serde(rename = "flags")]
    pub(super) flag_sets: Vec<FlagSet>,
    #[serde(rename = "filter")]
    pub(super) filters: Vec<Filter>,
}

/// A section's record: of a fixed section, or a kind's payload.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) number: u16,
    pub(super) doc: String,
    pub(super) fields: Vec<Field>,
    /// Bytes of a record.
    #[serde(skip)]
    pub(super) size: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Field {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) ty: Type,
    pub(super) doc: String,
    #[serde(default)]
    pub(super) reads: Option<Reads>,
    #[serde(default)]
    pub(super) flags: Option<String>,
    /// Bytes from the record's beginning.
    #[serde(skip)]
    pub(super) offset: usize,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
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

/// What a number stands for.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Reads {
    Process,
    Payload,
    Kind,
    Bool,
    Address,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FlagSet {
    pub(super) name: String,
    pub(super) values: Vec<Flag>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Flag {
    pub(super) name: String,
    pub(super) bit: u32,
    pub(super) doc: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    pub(super) field: String,
    #[serde(default)]
    pub(super) doc: Option<String>,
}

impl Type {
    pub(super) fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::U32 | Self::I32 => 4,
            Self::U64 | Self::I64 | Self::Text => 8,
            Self::Bytes16 => 16,
        }
    }

    fn align(self) -> usize {
        match self {
            // A text is two u32.
            Self::Text => 4,
            Self::Bytes16 => 1,
            other => other.size(),
        }
    }

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

impl Schema {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} is not sound", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let mut schema: Schema = toml::from_str(text)?;
        let mut numbers = HashSet::new();
        for record in &mut schema.sections {
            ensure!((1..PAYLOAD_BASE).contains(&record.number), "section {}: the number is reserved", record.name);
            ensure!(numbers.insert(record.number), "section {}: the number is there twice", record.name);
            record.lay_out()?;
        }
        for record in &mut schema.kinds {
            ensure!((1..u16::MAX - PAYLOAD_BASE).contains(&record.number), "kind {}: the number", record.name);
            ensure!(numbers.insert(PAYLOAD_BASE + record.number), "kind {}: the number is there twice", record.name);
            record.lay_out()?;
        }
        for field in schema.records().flat_map(|record| &record.fields) {
            if let Some(name) = &field.flags {
                ensure!(schema.flag_set(name).is_some(), "field {}: there are no flags {name}", field.name);
            }
            let sound = match field.reads {
                None => true,
                Some(Reads::Process | Reads::Payload) => field.ty == Type::U32,
                Some(Reads::Kind) => field.ty == Type::U16,
                Some(Reads::Bool) => field.ty == Type::U8,
                Some(Reads::Address) => field.ty == Type::Bytes16,
            };
            ensure!(sound, "field {}: its type does not go with what it reads as", field.name);
        }
        for filter in &schema.filters {
            let owner = filter.owner();
            let known = owner == "process" || schema.kinds.iter().any(|kind| kind.name == owner);
            ensure!(known, "filter {}: there is no such kind", filter.field);
        }
        Ok(schema)
    }

    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        self.sections.iter().chain(&self.kinds)
    }

    pub(super) fn flag_set(&self, name: &str) -> Option<&FlagSet> {
        self.flag_sets.iter().find(|set| set.name == name)
    }

    pub(super) fn section(&self, name: &str) -> Result<&Record> {
        self.sections.iter().find(|section| section.name == name).with_context(|| format!("there is no section {name}"))
    }

    /// The type of the fields that hold these flags.
    pub(super) fn flag_type(&self, set: &FlagSet) -> Result<Type> {
        let mut types =
            self.records().flat_map(|record| &record.fields).filter(|field| field.flags.as_ref() == Some(&set.name));
        let Some(first) = types.next() else { bail!("no field holds the flags {}", set.name) };
        ensure!(types.all(|field| field.ty == first.ty), "fields of several sizes hold the flags {}", set.name);
        let fits = set.values.iter().all(|flag| (flag.bit as usize) < 8 * first.ty.size());
        ensure!(fits, "flags {}: a bit lies outside of its field", set.name);
        Ok(first.ty)
    }
}

impl Record {
    pub(super) fn has_text(&self) -> bool {
        self.fields.iter().any(|field| field.ty == Type::Text)
    }

    fn lay_out(&mut self) -> Result<()> {
        let mut names = HashSet::new();
        let mut offset = 0_usize;
        for field in &mut self.fields {
            ensure!(names.insert(&field.name), "{}: the field {} is there twice", self.name, field.name);
            field.offset = offset.next_multiple_of(field.ty.align());
            offset = field.offset + field.ty.size();
        }
        ensure!(offset > 0, "{}: there are no fields", self.name);
        self.size = offset.next_multiple_of(RECORD_ALIGN);
        Ok(())
    }
}

impl Filter {
    /// `open` of `open.path`.
    pub(super) fn owner(&self) -> &str {
        self.field.split('.').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = include_str!("../../../sdk/abi/schema.toml");

    #[test]
    fn fields_are_aligned_and_records_padded() {
        let schema = Schema::parse(SCHEMA).expect("the schema is sound");
        for record in schema.records() {
            assert_eq!(record.size % RECORD_ALIGN, 0);
            assert!(record.fields.iter().all(|field| field.offset % field.ty.align() == 0));
        }
        assert_eq!(schema.section("event").expect("there").size, 40);
    }

    #[test]
    fn nonsense_is_refused() {
        for (there, instead) in [
            ("name = \"image_start\"", "name = \"start\""),
            ("number = 80", "number = 32"),
            ("flags = \"event_flag\"", "flags = \"other\""),
            ("field = \"open.path\"", "field = \"opened.path\""),
            ("type = \"u8\"", "type = \"u32\""),
        ] {
            assert!(SCHEMA.contains(there) && Schema::parse(&SCHEMA.replace(there, instead)).is_err(), "{instead}");
        }
    }
}
