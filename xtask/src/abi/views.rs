//! The Rust readers of single records.

use std::fmt::Write as _;

use anyhow::Result;

use super::rust::{camel, getter, upper};
use super::schema::{Field, Kind, Reads, Record, Type};
use super::tables::place;

/// A reader: of an event's payload, or of a record of its own.
pub(super) fn view(out: &mut String, record: &Record, name: &str, kind: Option<&Kind>) -> Result<()> {
    writeln!(out, "/// {}\n#[derive(Clone, Copy)]\npub struct {name}<'a> {{", record.doc)?;
    match kind {
        Some(_) => writeln!(out, "pub(crate) event: Event<'a>,")?,
        None => writeln!(out, "pub(crate) frame: &'a Frame<'a>,")?,
    }
    writeln!(
        out,
        "pub(crate) record: Record<'a>,\n}}\n\n#[allow(clippy::elidable_lifetime_names, reason = \"some getters name it\")]\nimpl<'a> {name}<'a> {{"
    )?;
    let frame = if kind.is_some() { "self.event.frame" } else { "self.frame" };
    for field in &record.fields {
        writeln!(out, "/// {}\n#[inline]\n#[must_use]", field.doc)?;
        writeln!(out, "pub fn {}(&self) -> {} {{ {} }}\n", getter(field), returns(field), read(record, field, frame))?;
        if field.reads == Some(Reads::Address) {
            writeln!(out, "/// {}\n#[inline]\n#[must_use]", field.doc)?;
            writeln!(
                out,
                "pub fn {}(&self) -> Option<IpAddr> {{ self.{}().map(address) }}\n",
                field.name,
                getter(field)
            )?;
        }
    }
    if kind.is_some() {
        named_processes(out, record)?;
    }
    match kind {
        Some(kind) => of_kind(out, kind)?,
        None => {
            let new = format!("RecordRef::of_frame(&{}, self.record, self.frame)", upper(&record.name));
            writeln!(out, "/// To be read by the tables.\n#[inline]\n#[must_use]")?;
            writeln!(out, "pub fn as_record(&self) -> RecordRef<'a> {{ {new} }}\n")?;
        }
    }
    writeln!(out, "}}\n")?;
    if kind.is_some() {
        writeln!(out, "impl<'a> Deref for {name}<'a> {{ type Target = Event<'a>;\n")?;
        writeln!(out, "#[inline]\nfn deref(&self) -> &Event<'a> {{ &self.event }} }}\n")?;
    }
    Ok(())
}

/// The processes that a payload names by their rows.
fn named_processes(out: &mut String, record: &Record) -> Result<()> {
    let is_process = |field: &&Field| field.reads == Some(Reads::Row) && field.of.as_deref() == Some("process");
    for field in record.fields.iter().filter(is_process) {
        let Field { name, doc, always, .. } = field;
        let what = doc.strip_prefix("Row of ").unwrap_or(doc);
        let (first, rest) = what.split_at(1);
        let row = getter(field);
        writeln!(out, "/// {}{rest}\n#[inline]\n#[must_use]", first.to_uppercase())?;
        match always {
            true => writeln!(
                out,
                "pub fn {name}(&self) -> Process<'a> {{ self.event.frame.process_or_unknown(Some(self.{row}())) }}\n"
            )?,
            false => writeln!(
                out,
                "pub fn {name}(&self) -> Option<Process<'a>> {{ self.event.frame.process(self.{row}()?) }}\n"
            )?,
        }
    }
    Ok(())
}

/// What every event of the kind has, and not every event.
fn of_kind(out: &mut String, kind: &Kind) -> Result<()> {
    if kind.process {
        writeln!(out, "/// The image that did it, as it was before the event.\n#[inline]\n#[must_use]")?;
        writeln!(out, "pub fn process(&self) -> Process<'a> {{ self.event.process_or_unknown() }}\n")?;
    }
    if kind.result {
        writeln!(out, "/// What the call returned; a negative errno where it failed.\n#[inline]\n#[must_use]")?;
        writeln!(out, "pub fn result(&self) -> i64 {{ self.event.result().unwrap_or_default() }}\n")?;
    }
    Ok(())
}

/// The type of what a getter gives, where the field is there.
fn plain(field: &Field) -> String {
    match (field.ty, field.reads) {
        (Type::Text, _) => "Text<'a>".to_owned(),
        (Type::Bytes16, _) => "[u8; 16]".to_owned(),
        (_, Some(Reads::Bool)) => "bool".to_owned(),
        (Type::List, _) => {
            let of = camel(field.of.as_deref().unwrap_or_default());
            format!("impl ExactSizeIterator<Item = {of}<'a>> + use<'a>")
        }
        (ty, _) => ty.name().to_owned(),
    }
}

fn returns(field: &Field) -> String {
    match field.always || field.ty == Type::Text {
        true => plain(field),
        false => format!("Option<{}>", plain(field)),
    }
}

fn read(record: &Record, field: &Field, frame: &str) -> String {
    let place = place(record, field);
    let read = match (field.ty, field.reads) {
        (Type::Text, _) => return format!("self.record.text({place}, {frame}.arena)"),
        (Type::List, _) => {
            let of = field.of.as_deref().unwrap_or_default();
            let (view, table) = (camel(of), upper(of));
            let row = format!("move |row| {view} {{ frame, record: Record(row) }}");
            return format!(
                "let frame = {frame}; self.record.span({place}).and_then(|span| frame.section(&{table}).rows_of(span)).map(|rows| rows.map({row}))"
            );
        }
        // What is promised is there, so that its bit need not be asked for; unless it could make somebody root, or point at
        // the first row.
        (ty, None | Some(Reads::Kind | Reads::Payload)) if field.always && ty != Type::Bytes16 => {
            return format!("{}::from_le_bytes(self.record.raw({}).unwrap_or_default())", ty.name(), field.offset);
        }
        (Type::Bytes16, _) => format!("self.record.bytes({place})"),
        (_, Some(Reads::Bool)) => format!("self.record.u8({place}).map(|value| value != 0)"),
        (ty, _) => format!("self.record.{}({place})", ty.name()),
    };
    match (field.always, field.reads) {
        (false, _) => read,
        // A frame that breaks the promise must not make anybody root, nor point at a row.
        (true, Some(Reads::User | Reads::Group | Reads::Row)) => format!("{read}.unwrap_or(u32::MAX)"),
        (true, _) => format!("{read}.unwrap_or_default()"),
    }
}

/// What a writer takes for an event, and the way back to it from the view. What the writer knows by itself is left out.
pub(super) fn event_header(out: &mut String, record: &Record) -> Result<()> {
    let by_writer = |field: &Field| matches!(field.reads, Some(Reads::Kind | Reads::Payload));
    let fields: Vec<&Field> = record.fields.iter().filter(|field| !by_writer(field)).collect();
    writeln!(out, "/// {}\n///\n/// What the writer takes.", record.doc)?;
    writeln!(out, "#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]\npub struct EventHeader {{")?;
    for field in &fields {
        writeln!(out, "/// {}\npub {}: {},", field.doc, field.name, returns(field))?;
    }
    writeln!(out, "}}\n\nimpl EventHeader {{\n#[inline]")?;
    writeln!(out, "pub(crate) fn bytes(&self, kind: u16, payload: u32) -> [u8; {}] {{", record.size)?;
    // All bits stand in one word, which is written once.
    let always = record.fields.iter().filter(|field| field.always).fold(0_u64, |bits, field| bits | 1 << field.bit());
    writeln!(out, "let mut record = [0; {}];\nlet mut present = {always:#x}_u64;", record.size)?;
    for field in &record.fields {
        let Field { name, offset, .. } = field;
        match (by_writer(field), field.always) {
            (true, _) => writeln!(out, "put(&mut record, {offset}, {name}.to_le_bytes());")?,
            (_, true) => writeln!(out, "put(&mut record, {offset}, self.{name}.to_le_bytes());")?,
            (_, false) => {
                writeln!(out, "if let Some({name}) = self.{name} {{")?;
                writeln!(out, "put(&mut record, {offset}, {name}.to_le_bytes()); present |= 1 << {}; }}", field.bit())?;
            }
        }
    }
    writeln!(out, "put(&mut record, 0, present.to_le_bytes());")?;
    writeln!(out, "record\n}}\n}}\n\nimpl Event<'_> {{\n/// What the writer would take for it.\n#[must_use]")?;
    writeln!(out, "pub fn header(&self) -> EventHeader {{ EventHeader {{")?;
    for field in &fields {
        writeln!(out, "{}: self.{}(),", field.name, getter(field))?;
    }
    writeln!(out, "}} }} }}\n")?;
    Ok(())
}
