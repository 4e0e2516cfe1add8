//! `sdk/abi/schema.toml`, read, checked and laid out.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

/// Records begin at multiples of it, bytes.
const RECORD_ALIGN: usize = 8;
/// Payload sections have the number of their kind, plus this.
pub(super) const PAYLOAD_BASE: u16 = 0x100;
/// Kinds are numbered below: the kernel side counts by them.
pub(super) const KINDS: u16 = 128;
/// Fields whose presence one word tells.
pub(super) const WORD_FIELDS: usize = 64;
/// Bytes of such a word.
const WORD: usize = 8;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Schema {
    pub(super) version: u16,
    #[serde(rename = "record")]
    pub(super) sections: Vec<Record>,
    #[serde(rename = "kind")]
    pub(super) kinds: Vec<Kind>,
    #[serde(rename = "flags")]
    pub(super) flag_sets: Vec<FlagSet>,
}

/// A section's record: of a section of its own, or a kind's payload.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) section: u16,
    pub(super) doc: String,
    pub(super) fields: Vec<Field>,
    /// Bytes of a record.
    #[serde(skip)]
    pub(super) size: usize,
}

/// As it is written; `Kind` is what it becomes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindEntry {
    name: String,
    sees: String,
    number: u16,
    doc: String,
    #[serde(default = "yes")]
    process: bool,
    #[serde(default)]
    result: bool,
    #[serde(default)]
    fine: Vec<i64>,
    #[serde(default)]
    image: bool,
    #[serde(default)]
    hooks: Vec<Hook>,
    #[serde(default)]
    calls: Vec<String>,
    #[serde(default)]
    io_uring: Vec<String>,
    #[serde(default)]
    begins_with: Option<String>,
    #[serde(default)]
    ring: Ring,
    #[serde(default)]
    test: Vec<String>,
    fields: Vec<Field>,
}

#[derive(Deserialize)]
#[serde(from = "KindEntry")]
pub(super) struct Kind {
    pub(super) number: u16,
    /// What its events are, in a few words.
    pub(super) sees: String,
    /// Whether it is somebody's doing.
    pub(super) process: bool,
    pub(super) result: bool,
    pub(super) fine: Vec<i64>,
    pub(super) image: bool,
    pub(super) hooks: Vec<Hook>,
    /// System calls that it looks at.
    pub(super) calls: Vec<String>,
    /// Opcodes of io_uring that it looks at.
    pub(super) io_uring: Vec<String>,
    /// The kind whose events its own are the end of.
    pub(super) begins_with: Option<String>,
    pub(super) ring: Ring,
    pub(super) test: Vec<String>,
    pub(super) record: Record,
}

/// The ring buffer that events go through.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(super) enum Ring {
    Process,
    #[default]
    Rare,
    Bulk,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hook {
    pub(super) program: String,
    pub(super) point: String,
    pub(super) since: String,
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
    /// The record that a row or a list is of.
    #[serde(default)]
    pub(super) of: Option<String>,
    #[serde(default)]
    pub(super) flags: Option<String>,
    #[serde(default)]
    pub(super) always: bool,
    #[serde(default)]
    pub(super) kernel: Option<Kernel>,
    /// The kernel side's key stands for it.
    #[serde(default)]
    pub(super) keyed: bool,
    #[serde(default)]
    pub(super) shown: bool,
    #[serde(default)]
    pub(super) json: Option<String>,
    #[serde(default)]
    pub(super) port: Option<String>,
    /// The field with the pid of the process that a row is of.
    #[serde(default)]
    pub(super) pid: Option<String>,
    /// Bytes from the record's beginning.
    #[serde(skip)]
    pub(super) offset: usize,
    /// Its number in the record.
    #[serde(skip)]
    pub(super) index: usize,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq, Debug)]
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
    List,
}

/// What a number stands for.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(super) enum Reads {
    Row,
    Payload,
    Kind,
    Bool,
    User,
    Group,
    Address,
}

/// How the kernel side gives a field.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kernel {
    Path,
    File,
    String,
    Unix,
    Dns,
    Arguments,
    BootTime,
    Host,
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

fn yes() -> bool {
    true
}

impl From<KindEntry> for Kind {
    fn from(entry: KindEntry) -> Self {
        let KindEntry {
            name,
            sees,
            number,
            doc,
            process,
            result,
            fine,
            image,
            hooks,
            calls,
            io_uring,
            begins_with,
            ring,
            test,
            fields,
        } = entry;
        let section = PAYLOAD_BASE.saturating_add(number);
        Self {
            number,
            sees,
            process,
            result,
            fine,
            image,
            hooks,
            calls,
            io_uring,
            begins_with,
            ring,
            test,
            record: Record { name, section, doc, fields, size: 0 },
        }
    }
}

impl Type {
    pub(super) fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::U32 | Self::I32 => 4,
            Self::U64 | Self::I64 | Self::Text | Self::List => 8,
            Self::Bytes16 => 16,
        }
    }

    fn align(self) -> usize {
        match self {
            // A span is two u32.
            Self::Text | Self::List => 4,
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
            Self::List => "list",
        }
    }
}

impl Schema {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} is not sound", path.display()))
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut schema: Schema = toml::from_str(text)?;
        for record in schema.sections.iter_mut().chain(schema.kinds.iter_mut().map(|kind| &mut kind.record)) {
            record.lay_out()?;
        }
        let mut numbers = HashSet::new();
        let mut names = HashSet::new();
        for record in schema.records() {
            let Record { name, section, .. } = record;
            ensure!(numbers.insert(section), "{name}: the number is there twice");
            ensure!(names.insert(name), "{name}: the name is there twice");
            for field in &record.fields {
                schema.check_field(record, field).with_context(|| format!("{name}.{}", field.name))?;
            }
        }
        for section in &schema.sections {
            ensure!((1..PAYLOAD_BASE).contains(&section.section), "{}: the number is reserved", section.name);
        }
        for kind in &schema.kinds {
            let name = &kind.record.name;
            ensure!((1..KINDS).contains(&kind.number), "kind {name}: the number is not below {KINDS}");
            for field in &kind.test {
                ensure!(kind.record.field(field).is_some(), "kind {name}: there is no field {field} to test with");
            }
        }
        Ok(schema)
    }

    fn check_field(&self, record: &Record, field: &Field) -> Result<()> {
        if let Some(name) = &field.flags {
            ensure!(self.flag_set(name).is_some(), "there are no flags {name}");
        }
        let target = field.of.as_ref().map(|of| self.section(of)).transpose()?;
        let sound = match field.reads {
            None => true,
            Some(Reads::Row | Reads::Payload | Reads::User | Reads::Group) => field.ty == Type::U32,
            Some(Reads::Kind) => field.ty == Type::U16,
            Some(Reads::Bool) => field.ty == Type::U8,
            Some(Reads::Address) => field.ty == Type::Bytes16,
        };
        ensure!(sound, "its type does not go with what it reads as");
        let points = field.ty == Type::List || field.reads == Some(Reads::Row);
        ensure!(points == target.is_some(), "a row and a list are `of` a record, and nothing else is");
        if let Some(target) = target.filter(|_| field.ty == Type::List) {
            let plain = |field: &Field| !matches!(field.ty, Type::List) && field.reads != Some(Reads::Row);
            ensure!(target.fields.iter().all(plain), "the records of a list hold no lists and no rows");
        }
        match field.kernel {
            Some(Kernel::Path | Kernel::File | Kernel::String | Kernel::Unix | Kernel::Dns | Kernel::Arguments) => {
                ensure!(field.ty == Type::Text, "only a text is given so by the kernel");
            }
            Some(Kernel::BootTime) => ensure!(field.ty == Type::U64, "a time has 64 bits"),
            Some(Kernel::Host) | None => {}
        }
        if field.kernel == Some(Kernel::File) {
            for (name, ty) in [("inode", Type::U64), ("file_mode", Type::U32)] {
                let known = record.field(name).is_some_and(|field| field.ty == ty);
                ensure!(known, "there is no field {name} beside it to call it by");
            }
        }
        if let Some(port) = &field.port {
            let known = record.field(port).is_some_and(|port| port.ty == Type::U16);
            ensure!(known && field.reads == Some(Reads::Address), "{port} is not the port of an address");
        }
        if let Some(pid) = &field.pid {
            let known = record.field(pid).is_some_and(|pid| pid.ty == Type::U32);
            ensure!(known && field.reads == Some(Reads::Row), "{pid} is not the pid of a row's process");
        }
        Ok(())
    }

    /// Records of sections of their own, then payloads.
    pub(super) fn records(&self) -> impl Iterator<Item = &Record> {
        self.sections.iter().chain(self.kinds.iter().map(|kind| &kind.record))
    }

    /// The fields that are lists of a record's, and whose they are.
    pub(super) fn lists_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a Record, &'a Field)> {
        let of_it = move |field: &&Field| field.ty == Type::List && field.of.as_deref() == Some(name);
        self.records().flat_map(move |record| record.fields.iter().filter(of_it).map(move |field| (record, field)))
    }

    pub(super) fn flag_set(&self, name: &str) -> Option<&FlagSet> {
        self.flag_sets.iter().find(|set| set.name == name)
    }

    pub(super) fn section(&self, name: &str) -> Result<&Record> {
        self.sections.iter().find(|section| section.name == name).with_context(|| format!("there is no record {name}"))
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

impl Kind {
    /// Whether the kernel side tells of it.
    pub(super) fn is_of_kernel(&self) -> bool {
        !self.hooks.is_empty() || !self.calls.is_empty()
    }
}

impl Record {
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    fn lay_out(&mut self) -> Result<()> {
        let mut names = HashSet::new();
        let mut offset = 0_usize;
        for (index, field) in self.fields.iter_mut().enumerate() {
            ensure!(names.insert(&field.name), "{}: the field {} is there twice", self.name, field.name);
            if index % WORD_FIELDS == 0 {
                offset = offset.next_multiple_of(WORD) + WORD;
            }
            field.index = index;
            field.offset = offset.next_multiple_of(field.ty.align());
            offset = field.offset + field.ty.size();
        }
        ensure!(offset > 0, "{}: there are no fields", self.name);
        self.size = offset.next_multiple_of(RECORD_ALIGN);
        Ok(())
    }
}

impl Field {
    /// Where the word stands whose bit says whether it is there.
    pub(super) fn word(&self, record: &Record) -> usize {
        let first = self.index - self.index % WORD_FIELDS;
        // Right in front of the first field of that word, which is aligned to at most as much.
        record.fields[..first].last().map_or(0, |last| (last.offset + last.ty.size()).next_multiple_of(WORD))
    }

    /// The bit in that word.
    pub(super) fn bit(&self) -> usize {
        self.index % WORD_FIELDS
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
            assert!(record.fields.iter().all(|field| field.offset % field.ty.align() == 0 && field.offset >= WORD));
        }
        assert_eq!(schema.section("event").expect("there").size, 48);
    }

    #[test]
    fn a_record_of_many_fields_has_several_words() {
        let field = |index: usize| format!("{{ name = \"f{index}\", type = \"u16\", doc = \"\" }}");
        let fields: Vec<String> = (0..70).map(field).collect();
        let record = format!(
            "version = 1\nflags = []\nkind = []\n[[record]]\nname = \"a\"\nsection = 1\ndoc = \"\"\nfields = [{}]",
            fields.join(",")
        );
        let schema = Schema::parse(&record).expect("it is sound");
        let record = &schema.sections[0];
        // Eight bytes, 64 fields of two bytes, eight bytes, six fields.
        assert_eq!((record.fields[63].offset, record.fields[64].offset), (8 + 63 * 2, 8 + 128 + 8));
        assert_eq!((record.fields[63].word(record), record.fields[64].word(record)), (0, 8 + 128));
        assert_eq!((record.fields[64].bit(), record.size), (0, 160));
    }

    #[test]
    fn nonsense_is_refused() {
        for (there, instead) in [
            ("name = \"image_start\"", "name = \"start\""),
            ("number = 80", "number = 32"),
            ("number = 80", "number = 128"),
            ("flags = \"event_flag\"", "flags = \"other\""),
            ("of = \"label\"", "of = \"lable\""),
            ("of = \"label\"", "of = \"process\""),
            ("test = [\"path\"]", "test = [\"paht\"]"),
            ("port = \"peer_port\"", "port = \"stdio\""),
            ("type = \"u8\"", "type = \"u32\""),
        ] {
            assert!(SCHEMA.contains(there) && Schema::parse(&SCHEMA.replace(there, instead)).is_err(), "{instead}");
        }
    }
}
