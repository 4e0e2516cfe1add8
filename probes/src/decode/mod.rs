//! From the bytes of the ring buffer (`src/bpf/record.h`) to [`RawEvent`], by the tables of the schema.
//!
//! Total: any bytes give an event or an error.

mod cursor;
mod path;
#[cfg(test)]
mod tests;
mod text;

use cursor::Cursor;
use lanner_abi::{FieldInfo, Kind, OwnedRecord, PROCESS, RecordInfo, Type, event_flag, field, process_flag};

use crate::event::{RawEvent, Task};

/// What turns the kernel's times into those of the wall clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// The wall clock's time at boot, ns since 1970 (UTC).
    pub boot_time_ns: u64,
}

/// Why bytes are no record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A field or a string goes beyond the end.
    #[error("the record is {missing} bytes short")]
    Short {
        /// How far.
        missing: usize,
    },
    /// The record says another length.
    #[error("the record says that it has {said} bytes, and has {has}")]
    Length {
        /// By the header.
        said: u32,
        /// In truth.
        has: usize,
    },
    /// The header's kind is unknown.
    #[error("no record has the kind {0}")]
    Kind(u16),
}

/// In `record.flags`, beside those of an event.
const KERNEL_THREAD: u16 = 1 << 15;

/// Decodes one record.
///
/// # Errors
/// The bytes are not what the kernel side writes.
pub fn decode(bytes: &[u8], clock: &Clock) -> Result<RawEvent, DecodeError> {
    let mut cursor = Cursor::new(bytes);
    let (number, flags) = (cursor.u16()?, cursor.u16()?);
    let said = cursor.u32()?;
    if said as usize != bytes.len() {
        return Err(DecodeError::Length { said, has: bytes.len() });
    }
    let kind = Kind::from_number(number).filter(|kind| kind.info().from_kernel).ok_or(DecodeError::Kind(number))?;
    let time_ns = clock.boot_time_ns.saturating_add(cursor.u64()?);
    let result = cursor.i64()?;
    let task = task(&mut cursor, flags & KERNEL_THREAD != 0)?;

    let mut flags = flags & !KERNEL_THREAD;
    let payload = cursor.bytes(kind.record().size)?;
    let image = if kind.info().has_image { Some(cursor.bytes(PROCESS.size)?) } else { None };
    let payload = texts(kind.record(), payload, &mut cursor)?;
    if payload.truncated {
        flags |= event_flag::TRUNCATED;
    }
    let image = image.map(|image| Ok(Box::new(process(texts(&PROCESS, image, &mut cursor)?)))).transpose()?;
    let result = kind.info().has_result.then_some(result);
    Ok(RawEvent { time_ns, kind, flags, result, task: Some(task), payload: payload.record, image })
}

fn task(cursor: &mut Cursor<'_>, kernel_thread: bool) -> Result<Task, DecodeError> {
    let (pid, tid) = (cursor.u32()?, cursor.u32()?);
    let (start_boot_ns, parent_start_boot_ns) = (cursor.u64()?, cursor.u64()?);
    let ppid = cursor.u32()?;
    let (uid, euid, gid, egid) = (cursor.u32()?, cursor.u32()?, cursor.u32()?, cursor.u32()?);
    cursor.skip(4)?;
    let comm = text::until_nul(&cursor.array::<16>()?).to_vec();
    Ok(Task { pid, tid, start_boot_ns, ppid, parent_start_boot_ns, uid, euid, gid, egid, comm, kernel_thread })
}

/// A record with its texts, and what became of them.
struct Decoded {
    record: OwnedRecord,
    /// One is longer than what was recorded.
    truncated: bool,
    /// Those that lead to what had been deleted.
    deleted: Vec<&'static FieldInfo>,
}

/// Makes the texts of a record: what the kernel side wrote of each follows, and its slot says how much.
fn texts(info: &'static RecordInfo, fixed: &[u8], cursor: &mut Cursor<'_>) -> Result<Decoded, DecodeError> {
    let mut record = OwnedRecord::from_parts(info, fixed, &[]);
    record.reserve(cursor.left());
    let mut decoded = Decoded { record, truncated: false, deleted: Vec::new() };
    for field in info.fields.iter().filter(|field| field.ty == Type::Text) {
        if !decoded.record.get().has(field) {
            continue;
        }
        let mut slot = Cursor::new(fixed.get(field.offset()..).unwrap_or_default());
        let (walk, name) = (slot.length()?, slot.length()?);
        let (walk, name) = (cursor.bytes(walk)?, cursor.bytes(name)?);
        let text = text::make(field, walk, name, decoded.record.get());
        // What is not there is zero, also where the kernel side had a text that says nothing.
        let place = field.offset()..field.offset() + field.size();
        if let Some(slot) = decoded.record.fixed_mut().get_mut(place) {
            slot.fill(0);
        }
        // It is of the right type, and no text is longer than 4 GiB.
        let _ = decoded.record.set(field, text.as_ref().map(|text| text.bytes.as_slice().into()));
        let Some(text) = text else { continue };
        decoded.truncated |= text.truncated;
        if text.deleted {
            decoded.deleted.push(field);
        }
    }
    Ok(decoded)
}

/// What of a process's texts are facts about it.
fn process(decoded: Decoded) -> OwnedRecord {
    let Decoded { mut record, truncated, deleted } = decoded;
    let known = record.get().number(field::process::FLAGS).unwrap_or_default() as u32;
    let mut flags = known;
    if truncated {
        flags |= process_flag::PATH_TRUNCATED;
    }
    if deleted.contains(&field::process::EXE) {
        flags |= process_flag::EXE_DELETED;
    }
    // The field takes a number of its size.
    let _ = record.set(field::process::FLAGS, Some(flags.into()));
    record
}
