//! The schema as tables.

use std::fmt::Write as _;

use anyhow::Result;

use super::rust::upper;
use super::schema::{Field, Kernel, Reads, Record, Schema, Type, WORD_FIELDS};

/// `flags.rs`: a module a set.
pub(super) fn flags(schema: &Schema) -> Result<String> {
    let mut out = String::new();
    for set in &schema.flag_sets {
        let ty = schema.flag_type(set)?.name();
        writeln!(out, "/// Bits of the fields that hold a `{}`.", set.name)?;
        writeln!(out, "pub mod {} {{ use super::FlagSet;", set.name)?;
        for flag in &set.values {
            writeln!(out, "/// {}\npub const {}: {ty} = 1 << {};", flag.doc, upper(&flag.name), flag.bit)?;
        }
        writeln!(out, "/// Their names.\npub static NAMES: FlagSet = FlagSet {{ name: {:?}, bits: &[", set.name)?;
        for flag in &set.values {
            write!(out, "({:?}, {}),", flag.name, flag.bit)?;
        }
        writeln!(out, "] }};\n}}\n")?;
    }
    Ok(out)
}

/// A record's table, and its fields by name.
pub(super) fn record(schema: &Schema, record: &Record) -> Result<String> {
    let mut out = String::new();
    let index = schema.records().position(|other| other.name == record.name).unwrap_or_default();
    let Record { name, section, doc, fields, size } = record;
    let (table, count) = (upper(name), fields.len());
    writeln!(out, "/// {doc}\npub static {table}: RecordInfo = RecordInfo {{ name: {name:?}, section: {section},")?;
    writeln!(out, "size: {size}, fields: &FIELDS, index: {index}, words: &[")?;
    for fields in fields.chunks(WORD_FIELDS) {
        let bits = |of: &dyn Fn(&Field) -> bool| {
            fields.iter().filter(|field| of(field)).fold(0_u64, |bits, field| bits | 1 << field.bit())
        };
        let points = |field: &Field| field.ty == Type::List || field.reads == Some(Reads::Row);
        let (at, known, pointing) = (fields[0].word(record), bits(&|_| true), bits(&points));
        write!(out, "Word {{ at: {at}, known: {known:#x}, texts: &[")?;
        for field in fields.iter().filter(|field| field.ty == Type::Text) {
            write!(out, "{},", place(record, field))?;
        }
        write!(out, "], pointing: {pointing:#x}, points: &[")?;
        for field in fields.iter().filter(|field| points(field)) {
            write!(out, "&FIELDS[{}],", field.index)?;
        }
        write!(out, "] }},")?;
    }
    writeln!(out, "] }};\n\nstatic FIELDS: [FieldInfo; {count}] = [")?;
    for field in fields {
        self::field(&mut out, record, field)?;
    }
    writeln!(out, "];\n")?;
    writeln!(out, "/// {}\npub mod fields {{ use super::{{FIELDS, FieldInfo}};", record.doc)?;
    for field in fields {
        let Field { doc, index, .. } = field;
        writeln!(out, "/// {doc}\npub static {}: &FieldInfo = &FIELDS[{index}];", upper(&field.name))?;
    }
    writeln!(out, "}}\n")?;
    Ok(out)
}

/// All records, and the way to them.
pub(super) fn records(out: &mut String, schema: &Schema) -> Result<()> {
    let all: Vec<String> = schema.records().map(|record| format!("&{}", upper(&record.name))).collect();
    writeln!(
        out,
        "/// All records, by their index.\npub static RECORDS: [&RecordInfo; {}] = [{}];\n",
        all.len(),
        all.join(", ")
    )?;
    writeln!(out, "/// The index of the records of a section, where this version knows it.\n#[inline]")?;
    writeln!(out, "pub(crate) const fn section_index(number: u16) -> Option<usize> {{ match number {{")?;
    for (index, record) in schema.records().enumerate() {
        writeln!(out, "{} => Some({index}),", record.section)?;
    }
    writeln!(out, "_ => None, }} }}\n")?;
    Ok(())
}

fn field(out: &mut String, record: &Record, field: &Field) -> Result<()> {
    let Field { name, ty, reads, of, flags, always, kernel, keyed, shown, json, port, pid, .. } = field;
    let reads = reads.map_or("Plain".to_owned(), |reads| format!("{reads:?}"));
    let kernel = kernel.map_or("Plain".to_owned(), |kernel| format!("{kernel:?}"));
    let option = |value: Option<String>| value.map_or("None".to_owned(), |value| format!("Some({value})"));
    let of = option(of.as_ref().map(|of| format!("&{}", upper(of))));
    let flags = option(flags.as_ref().map(|flags| format!("&{flags}::NAMES")));
    let beside = |name: &Option<String>| {
        let beside = name.as_ref().and_then(|name| record.field(name));
        option(beside.map(|beside| format!("&FIELDS[{}]", beside.index)))
    };
    let (port, pid) = (beside(port), beside(pid));
    let json = json.as_ref().unwrap_or(name);
    writeln!(out, "FieldInfo {{ name: {name:?}, ty: Type::{ty:?}, reads: Reads::{reads}, of: {of}, flags: {flags},")?;
    writeln!(
        out,
        "always: {always}, kernel: Kernel::{kernel}, keyed: {keyed}, shown: {shown}, json: {json:?}, port: {port}, pid: {pid},"
    )?;
    writeln!(out, "section: {}, place: {} }},", record.section, place(record, field))?;
    Ok(())
}

/// Where it stands, as Rust.
pub(super) fn place(record: &Record, field: &Field) -> String {
    format!("Place {{ offset: {}, word: {}, bit: {} }}", field.offset, field.word(record), field.bit())
}

/// A module a record.
pub(super) fn fields(out: &mut String, schema: &Schema) -> Result<()> {
    writeln!(out, "/// Every field, to be read by: the record, then the field.\npub mod field {{")?;
    for record in schema.records() {
        writeln!(out, "pub use super::{0}::fields as {0};", record.name)?;
    }
    writeln!(out, "}}")?;
    Ok(())
}

impl Kernel {
    /// Whether the kernel side sets it.
    pub(super) fn is_given(kernel: Option<Self>) -> bool {
        kernel != Some(Self::Host)
    }
}
