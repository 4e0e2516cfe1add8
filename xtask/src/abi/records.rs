//! The Rust readers and writers of single records.

use std::fmt::Write as _;

use anyhow::Result;

use super::rust::getter;
use super::schema::{Field, Reads, Record, Type};

/// A reader: of an event's payload, or of a record of its own.
pub(super) fn view(out: &mut String, record: &Record, name: &str, of_event: bool) -> Result<()> {
    writeln!(out, "/// {}\n#[derive(Clone, Copy)]\npub struct {name}<'a> {{", record.doc)?;
    match of_event {
        true => writeln!(out, "pub(crate) event: Event<'a>,")?,
        false => writeln!(out, "pub(crate) frame: &'a Frame<'a>,")?,
    }
    let life = if record.has_text() { "'a" } else { "'_" };
    let holds = if record.has_text() { "<'a>" } else { "" };
    writeln!(out, "pub(crate) record: Record<'a>,\n}}\n\nimpl{holds} {name}<{life}> {{")?;
    let arena = if of_event { "self.event.frame.arena" } else { "self.frame.arena" };
    for field in &record.fields {
        let (ty, value) = match (field.ty, field.reads) {
            (Type::Text, _) => ("Text<'a>", format!("self.record.text({}, {arena})", field.offset)),
            (Type::Bytes16, _) => ("[u8; 16]", format!("self.record.bytes({})", field.offset)),
            (_, Some(Reads::Bool)) => ("bool", format!("self.record.u8({}) != 0", field.offset)),
            (ty, _) => (ty.name(), format!("self.record.{}({})", ty.name(), field.offset)),
        };
        writeln!(out, "/// {}\n#[inline]\n#[must_use]", field.doc)?;
        writeln!(out, "pub fn {}(&self) -> {ty} {{ {value} }}\n", getter(field))?;
    }
    writeln!(out, "}}\n")?;
    if of_event {
        writeln!(out, "impl<'a> Deref for {name}<'a> {{ type Target = Event<'a>;\n")?;
        writeln!(out, "#[inline]\nfn deref(&self) -> &Event<'a> {{ &self.event }} }}\n")?;
    }
    Ok(())
}

/// What the writer takes, and the way back to it from the view. Fields that the writer fills in are left out.
pub(super) fn written(
    out: &mut String,
    record: &Record,
    name: &str,
    view: &str,
    left_out: impl Fn(&Field) -> bool,
) -> Result<()> {
    let fields: Vec<&Field> = record.fields.iter().filter(|field| !left_out(field)).collect();
    let (life, anonymous) = if record.has_text() { ("<'a>", "<'_>") } else { ("", "") };
    writeln!(out, "/// {}\n///\n/// What the writer takes.", record.doc)?;
    writeln!(out, "#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]\npub struct {name}{life} {{")?;
    for field in &fields {
        let ty = match (field.ty, field.reads) {
            (Type::Text, _) => "&'a [u8]",
            (Type::Bytes16, _) => "[u8; 16]",
            (_, Some(Reads::Bool)) => "bool",
            (ty, _) => ty.name(),
        };
        writeln!(out, "/// {}\npub {}: {ty},", field.doc, field.name)?;
    }
    writeln!(out, "}}\n")?;
    let partly = fields.len() != record.fields.len();
    let more = if partly { ", kind: u16, payload: u32" } else { "" };
    let arena = if record.has_text() { ", arena: &mut Arena" } else { "" };
    writeln!(out, "impl {name}{anonymous} {{\n#[inline]")?;
    writeln!(out, "pub(crate) fn bytes(&self{arena}{more}) -> [u8; {}] {{", record.size)?;
    writeln!(out, "let mut record = [0; {}];", record.size)?;
    for field in &record.fields {
        let value = match (left_out(field), field.ty, field.reads) {
            (true, ..) => format!("{}.to_le_bytes()", field.name),
            (_, Type::Text, _) => format!("arena.add(self.{})", field.name),
            (_, Type::Bytes16, _) => format!("self.{}", field.name),
            (_, _, Some(Reads::Bool)) => format!("[u8::from(self.{})]", field.name),
            _ => format!("self.{}.to_le_bytes()", field.name),
        };
        writeln!(out, "put(&mut record, {}, {value});", field.offset)?;
    }
    writeln!(out, "record\n}}\n}}\n")?;
    let method = if partly { "header" } else { "to_record" };
    let (held, view_life) = if record.has_text() { ("<'a>", "'a") } else { ("", "'_") };
    writeln!(out, "impl{held} {view}<{view_life}> {{\n/// What the writer would take for it.\n#[must_use]")?;
    writeln!(out, "pub fn {method}(&self) -> {name}{life} {{ {name} {{")?;
    for field in &fields {
        match field.ty {
            Type::Text => writeln!(out, "{}: self.{}().as_bytes(),", field.name, getter(field))?,
            _ => writeln!(out, "{}: self.{}(),", field.name, getter(field))?,
        }
    }
    writeln!(out, "}} }} }}\n")?;
    Ok(())
}
