//! The golden frame: a made-up batch in which every field has a value of its own, so that no two can be mixed up.
//!
//! It is encoded here from the schema alone, not by `lanner-abi`: reader and writer are both checked against it.

use std::fmt::Write as _;

use anyhow::{Result, ensure};

use super::schema::{Field, PAYLOAD_BASE, Reads, Record, Schema, Type};

/// Processes: the first has no parent, each other's parent is the one before.
const PROCESSES: usize = 3;
/// Events of each kind.
const EVENTS_A_KIND: usize = 2;
const HEADER: usize = 16;
const ENTRY: usize = 16;
/// No process.
const NO_ROW: u32 = u32::MAX;

pub(super) struct Golden {
    pub(super) bytes: Vec<u8>,
    /// A line a field: section, row, field, value.
    pub(super) text: String,
}

#[derive(Default)]
struct Batch {
    arena: Vec<u8>,
    text: String,
}

pub(super) fn frame(schema: &Schema) -> Result<Golden> {
    let mut batch = Batch::default();
    let mut sections = Vec::new();
    let event_kinds: Vec<&Record> = schema.kinds.iter().flat_map(|kind| [kind; EVENTS_A_KIND]).collect();
    for section in &schema.sections {
        let rows = match section.name.as_str() {
            "process" => PROCESSES,
            "event" => event_kinds.len(),
            _ => EVENTS_A_KIND,
        };
        let mut records = Vec::new();
        for row in 0..rows {
            let kind = event_kinds.get(row).filter(|_| section.name == "event");
            records.extend(batch.record(schema, section, row, kind.map_or(1, |kind| kind.number))?);
        }
        sections.push((section.number, section.size, rows, records));
    }
    for kind in &schema.kinds {
        let mut records = Vec::new();
        for row in 0..EVENTS_A_KIND {
            records.extend(batch.record(schema, kind, row, kind.number)?);
        }
        sections.push((PAYLOAD_BASE + kind.number, kind.size, EVENTS_A_KIND, records));
    }
    let Batch { arena, text } = batch;
    sections.push((0, 1, arena.len(), arena));

    let mut table = Vec::new();
    let mut body = Vec::new();
    let body_at = HEADER + ENTRY * sections.len();
    for (number, stride, count, records) in &sections {
        table.extend(number.to_le_bytes());
        table.extend(u16::try_from(*stride)?.to_le_bytes());
        table.extend(u32::try_from(*count)?.to_le_bytes());
        table.extend(u32::try_from(body_at + body.len())?.to_le_bytes());
        table.extend([0; 4]);
        body.extend(records);
        body.resize(body.len().next_multiple_of(8), 0);
    }
    let mut bytes = b"LNRF".to_vec();
    bytes.extend(schema.version.to_le_bytes());
    bytes.extend(u16::try_from(HEADER)?.to_le_bytes());
    bytes.extend(u32::try_from(body_at + body.len())?.to_le_bytes());
    bytes.extend(u32::try_from(sections.len())?.to_le_bytes());
    bytes.extend(table);
    bytes.extend(body);
    Ok(Golden { bytes, text })
}

impl Batch {
    fn record(&mut self, schema: &Schema, record: &Record, row: usize, kind: u16) -> Result<Vec<u8>> {
        let mut bytes = vec![0; record.size];
        for (number, field) in record.fields.iter().enumerate() {
            let unique = u16::try_from(usize::from(record.number) * 256 + number * 16 + row)?;
            ensure!(row < 16 && number < 64, "the golden batch has outgrown its numbering");
            let (value, shown) = self.value(schema, record, field, row, kind, unique)?;
            bytes[field.offset..field.offset + field.ty.size()].copy_from_slice(&value);
            writeln!(self.text, "{} {row} {} {shown}", record.name, field.name)?;
        }
        Ok(bytes)
    }

    fn value(
        &mut self,
        schema: &Schema,
        record: &Record,
        field: &Field,
        row: usize,
        kind: u16,
        unique: u16,
    ) -> Result<(Vec<u8>, String)> {
        fn both<T: ToString + Copy, const N: usize>(value: T, bytes: impl Fn(T) -> [u8; N]) -> (Vec<u8>, String) {
            (bytes(value).to_vec(), value.to_string())
        }
        let index = u32::try_from(row)?;
        let mask = match &field.flags {
            Some(name) => {
                let set = schema.flag_set(name).map(|set| &set.values[..]).unwrap_or_default();
                set.iter().skip(row % 2).step_by(2).fold(0_u32, |mask, flag| mask | 1 << flag.bit)
            }
            None => 0,
        };
        let plain_u32 = if field.flags.is_some() { mask } else { u32::from(unique) * 0x0001_0001 };
        Ok(match (field.ty, field.reads) {
            (_, Some(Reads::Process)) => {
                let target = match (record.name.as_str(), index) {
                    ("process", 0) => NO_ROW,
                    ("process", row) => row - 1,
                    (_, row) => (row + 1) % u32::try_from(PROCESSES)?,
                };
                both(target, u32::to_le_bytes)
            }
            (_, Some(Reads::Payload)) => both(index % u32::try_from(EVENTS_A_KIND)?, u32::to_le_bytes),
            (_, Some(Reads::Kind)) => both(kind, u16::to_le_bytes),
            (_, Some(Reads::Bool)) => both(u8::try_from(row % 2)?, u8::to_le_bytes),
            (_, Some(Reads::Address)) => {
                let [high, low] = unique.to_be_bytes();
                let address = match row % 2 {
                    0 => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, high, low],
                    _ => [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, high, low],
                };
                (address.to_vec(), address.iter().map(|byte| format!("{byte:02x}")).collect())
            }
            (Type::U8, _) => both(u8::try_from(row)?, u8::to_le_bytes),
            (Type::U16, _) => both(if field.flags.is_some() { u16::try_from(mask)? } else { unique }, u16::to_le_bytes),
            (Type::U32, _) => both(plain_u32, u32::to_le_bytes),
            (Type::U64, _) => both(u64::from(unique) * 0x0001_0001_0001_0001, u64::to_le_bytes),
            (Type::I32, _) => both(-i32::from(unique), i32::to_le_bytes),
            (Type::I64, _) => both(-i64::from(unique) * 0x1_0001_0001, i64::to_le_bytes),
            (Type::Bytes16, _) => {
                let bytes = [u8::try_from(row)?; 16];
                (bytes.to_vec(), bytes.iter().map(|byte| format!("{byte:02x}")).collect())
            }
            (Type::Text, _) => {
                let mut text = format!("/{}/{}/{row}", record.name, field.name).into_bytes();
                match (field.name.as_str(), row) {
                    ("argv", _) => text = format!("{}\0--row\0{row}\0", field.name).into_bytes(),
                    // Not UTF-8, and what a terminal would act on.
                    ("comm", 1) => text = b"c\xffm\x1bm".to_vec(),
                    ("user", 2) => text.clear(),
                    _ => {}
                }
                let start = if text.is_empty() { 0 } else { self.arena.len() };
                let mut span = u32::try_from(start)?.to_le_bytes().to_vec();
                span.extend(u32::try_from(text.len())?.to_le_bytes());
                self.arena.extend(&text);
                (span, shown(&text))
            }
        })
    }
}

/// In quotes; what is not printable ASCII, a quote or a backslash as `\xNN`.
fn shown(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for byte in text {
        match byte {
            b'"' | b'\\' | 0..0x20 | 0x7f.. => out.push_str(&format!("\\x{byte:02x}")),
            byte => out.push(char::from(*byte)),
        }
    }
    out.push('"');
    out
}
