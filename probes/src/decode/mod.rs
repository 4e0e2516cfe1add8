//! From the bytes of the ring buffer (`src/bpf/record.h`) to [`RawEvent`], by the tables of the schema.
//!
//! Total: any bytes give an event or an error.

mod cursor;
mod dns;
mod path;
#[cfg(test)]
mod tests;
mod text;

use cursor::Cursor;
use lanner_abi::{FieldInfo, Kernel, Kind, OwnedRecord, PROCESS, RecordInfo, Type, event_flag, field, process_flag};

use crate::event::{Keys, RawEvent, Standing, Task};

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
    let (task, keys) = task(&mut cursor, flags & KERNEL_THREAD != 0)?;

    let mut flags = flags & !KERNEL_THREAD;
    let payload = cursor.bytes(kind.record().size)?;
    let image = if kind.info().has_image { Some(cursor.bytes(PROCESS.size)?) } else { None };
    let payload = texts(kind.record(), payload, &mut cursor)?;
    flags |= payload.statuses.iter().fold(0, |flags, (_, status)| flags | of_event(*status));
    let image = image.map(|image| Ok(Box::new(process(texts(&PROCESS, image, &mut cursor)?)))).transpose()?;
    let result = kind.info().has_result.then_some(result);
    Ok(RawEvent { time_ns, kind, flags, result, task: Some(task), payload: payload.record, image, keys })
}

/// Who did it, and the keys that the event can be filtered by.
fn task(cursor: &mut Cursor<'_>, kernel_thread: bool) -> Result<(Task, Keys), DecodeError> {
    let (pid, tid) = (cursor.u32()?, cursor.u32()?);
    let (start_boot_ns, parent_start_boot_ns) = (cursor.u64()?, cursor.u64()?);
    let ppid = cursor.u32()?;
    let (uid, euid, suid) = (cursor.u32()?, cursor.u32()?, cursor.u32()?);
    let (gid, egid, sgid) = (cursor.u32()?, cursor.u32()?, cursor.u32()?);
    let (sid, pgid) = (cursor.u32()?, cursor.u32()?);
    let (mnt_ns, pid_ns, net_ns, user_ns) = (cursor.u32()?, cursor.u32()?, cursor.u32()?, cursor.u32()?);
    cursor.skip(4)?;
    let cgroup_id = cursor.u64()?;
    let (caps_inheritable, caps_permitted, caps_effective) = (cursor.u64()?, cursor.u64()?, cursor.u64()?);
    let (own, folder) = (cursor.u64()?, cursor.u64()?);
    let image_key = cursor.u64()?;
    let comm = text::until_nul(&cursor.array::<16>()?).to_vec();
    let standing = Standing {
        suid,
        sgid,
        sid,
        pgid,
        mnt_ns,
        pid_ns,
        net_ns,
        user_ns,
        cgroup_id,
        caps_inheritable,
        caps_permitted,
        caps_effective,
    };
    let task = Task {
        pid,
        tid,
        start_boot_ns,
        ppid,
        parent_start_boot_ns,
        uid,
        euid,
        gid,
        egid,
        standing: Some(standing),
        comm,
        kernel_thread,
        image_key,
    };
    Ok((task, Keys { own, folder }))
}

/// A record with its texts, and what became of them.
struct Decoded {
    record: OwnedRecord,
    /// What is to be said of them: bits of `path`.
    statuses: Vec<(&'static FieldInfo, u8)>,
}

/// What an event says of its paths.
fn of_event(status: u8) -> u16 {
    let pairs = [
        (path::TRUNCATED, event_flag::TRUNCATED),
        (path::UNREACHABLE, event_flag::UNREACHABLE),
        (path::FOREIGN, event_flag::FOREIGN),
        (path::MOVED, event_flag::UNRESOLVED),
    ];
    pairs.iter().filter(|(bit, _)| status & bit != 0).fold(0, |flags, (_, flag)| flags | flag)
}

/// Makes the texts of a record: what the kernel side wrote of each follows, and its slot says how much.
fn texts(info: &'static RecordInfo, fixed: &[u8], cursor: &mut Cursor<'_>) -> Result<Decoded, DecodeError> {
    let mut record = OwnedRecord::from_parts(info, fixed, &[]);
    record.reserve(cursor.left());
    let mut decoded = Decoded { record, statuses: Vec::new() };
    for field in info.fields.iter().filter(|field| field.ty == Type::Text) {
        if !decoded.record.get().has(field) {
            continue;
        }
        let mut slot = Cursor::new(fixed.get(field.offset()..).unwrap_or_default());
        let (walk, name) = (slot.length()?, slot.length()?);
        let (walk, name) = (cursor.bytes(walk)?, cursor.bytes(name)?);
        let text = match field.kernel {
            Kernel::Dns => dns::read(name).map(|message| message.fill(&mut decoded.record)),
            _ => text::make(field, walk, name, decoded.record.get()),
        };
        // What is not there is zero, also where the kernel side had a text that says nothing.
        let place = field.offset()..field.offset() + field.size();
        if let Some(slot) = decoded.record.fixed_mut().get_mut(place) {
            slot.fill(0);
        }
        // It is of the right type, and no text is longer than 4 GiB.
        let _ = decoded.record.set(field, text.as_ref().map(|text| text.bytes.as_slice().into()));
        let Some(text) = text else { continue };
        if text.status != 0 {
            decoded.statuses.push((field, text.status));
        }
    }
    Ok(decoded)
}

/// What of a process's texts are facts about it.
fn process(decoded: Decoded) -> OwnedRecord {
    let Decoded { mut record, statuses } = decoded;
    let mut flags = record.get().number(field::process::FLAGS).unwrap_or_default() as u32;
    let mut say = |at: &FieldInfo, bit: u8, flag: u32| {
        if statuses.iter().any(|(field, status)| *field == at && status & bit != 0) {
            flags |= flag;
        }
    };
    say(field::process::EXE, path::TRUNCATED, process_flag::PATH_TRUNCATED);
    say(field::process::CWD, path::TRUNCATED, process_flag::PATH_TRUNCATED);
    say(field::process::EXE, path::DELETED, process_flag::EXE_DELETED);
    say(field::process::EXE, path::UNREACHABLE, process_flag::EXE_UNREACHABLE);
    say(field::process::EXE, path::FOREIGN, process_flag::EXE_FOREIGN);
    say(field::process::CWD, path::DELETED, process_flag::CWD_DELETED);
    // The field takes a number of its size.
    let _ = record.set(field::process::FLAGS, Some(flags.into()));
    record
}
