//! The golden frame: a made-up batch in which every field has a value of its own, so that no two can be mixed up, and in
//! which every field that may be missing is missing once.
//!
//! It is encoded here from the schema alone, not by `lanner-abi`: reader and writer are both checked against it.

use std::fmt::Write as _;

use anyhow::Result;

use super::schema::{Field, Kind, Reads, Record, Schema, Type};

/// Processes: the first has no parent, each other's parent is the one before. Of the last nothing is known but what always
/// is.
const PROCESSES: usize = 3;
/// Of lists, the records.
const LISTED: usize = 2;
/// Events of each kind; of the second nothing is known but what always is.
const EVENTS_A_KIND: usize = 2;
const HEADER: usize = 16;
const ENTRY: usize = 16;

pub(super) struct Golden {
    pub(super) bytes: Vec<u8>,
    /// A line a field: section, row, field, value.
    pub(super) text: String,
}

#[derive(Default)]
struct Batch {
    arena: Vec<u8>,
    text: String,
    /// The last number that was given to a field.
    unique: u16,
}

pub(super) fn frame(schema: &Schema) -> Result<Golden> {
    let mut batch = Batch::default();
    let mut sections = Vec::new();
    let events: Vec<&Kind> = schema.kinds.iter().flat_map(|kind| [kind; EVENTS_A_KIND]).collect();
    for record in &schema.sections {
        let rows = match record.name.as_str() {
            "process" => PROCESSES,
            "event" => events.len(),
            "container" => 1,
            name => LISTED * schema.lists_of(name).count(),
        };
        let mut records = Vec::new();
        for row in 0..rows {
            let sparse = match record.name.as_str() {
                "process" => row + 1 == PROCESSES,
                "event" => row % EVENTS_A_KIND == 1,
                _ => false,
            };
            records.extend(batch.record(schema, record, row, sparse, events.get(row).map_or(1, |kind| kind.number))?);
        }
        sections.push((record.section, record.size, rows, records));
    }
    for kind in &schema.kinds {
        let mut records = Vec::new();
        for row in 0..EVENTS_A_KIND {
            records.extend(batch.record(schema, &kind.record, row, row == 1, kind.number)?);
        }
        sections.push((kind.record.section, kind.record.size, EVENTS_A_KIND, records));
    }
    let Batch { arena, text, .. } = batch;
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
    fn record(&mut self, schema: &Schema, record: &Record, row: usize, sparse: bool, kind: u16) -> Result<Vec<u8>> {
        let mut bytes = vec![0; record.size];
        for field in &record.fields {
            let first = record.name == "process" && row == 0 && field.name == "parent";
            if first || (sparse && !field.always) {
                writeln!(self.text, "{} {row} {} -", record.name, field.name)?;
                continue;
            }
            let (value, shown) = self.value(schema, record, field, row, kind)?;
            bytes[field.offset..field.offset + field.ty.size()].copy_from_slice(&value);
            bytes[field.word(record) + field.bit() / 8] |= 1 << (field.bit() % 8);
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
    ) -> Result<(Vec<u8>, String)> {
        fn both<T: ToString + Copy, const N: usize>(value: T, bytes: impl Fn(T) -> [u8; N]) -> (Vec<u8>, String) {
            (bytes(value).to_vec(), value.to_string())
        }
        let index = u32::try_from(row)?;
        self.unique += 1;
        let unique = self.unique;
        let mask = match &field.flags {
            Some(name) => {
                let set = schema.flag_set(name).map(|set| &set.values[..]).unwrap_or_default();
                set.iter().skip(row % 2).step_by(2).fold(0_u32, |mask, flag| mask | 1 << flag.bit)
            }
            None => 0,
        };
        let plain_u32 = if field.flags.is_some() { mask } else { u32::from(unique) * 0x0001_0001 };
        Ok(match (field.ty, field.reads) {
            (_, Some(Reads::Row)) => {
                let target = match (record.name.as_str(), field.of.as_deref()) {
                    ("process", Some("process")) => index - 1,
                    (_, Some("process")) => (index + 1) % u32::try_from(PROCESSES)?,
                    _ => 0,
                };
                both(target, u32::to_le_bytes)
            }
            (_, Some(Reads::Payload)) => both(index % u32::try_from(EVENTS_A_KIND)?, u32::to_le_bytes),
            (_, Some(Reads::Kind)) => both(kind, u16::to_le_bytes),
            (_, Some(Reads::Bool)) => (vec![u8::try_from(row % 2)?], (row % 2 == 1).to_string()),
            (_, Some(Reads::Address)) => {
                let [high, low] = unique.to_be_bytes();
                let address = match row % 2 {
                    0 => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, high, low],
                    _ => [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, high, low],
                };
                (address.to_vec(), address.iter().map(|byte| format!("{byte:02x}")).collect())
            }
            (Type::List, _) => {
                // Each has rows of its own.
                let own = |(of, list): (&Record, &Field)| of.name == record.name && list.name == field.name;
                let before = field.of.as_ref().and_then(|of| schema.lists_of(of).position(own)).unwrap_or_default();
                let mut span = u32::try_from(before * LISTED)?.to_le_bytes().to_vec();
                span.extend(u32::try_from(LISTED)?.to_le_bytes());
                (span, LISTED.to_string())
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
                    // Known, and empty.
                    ("user", 1) => text.clear(),
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
