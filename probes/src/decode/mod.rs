//! From the bytes of the ring buffer (`src/bpf/record.h`) to [`KernelEvent`].
//!
//! Total: any bytes give an event or an error.

mod cursor;
mod path;
mod socket;
#[cfg(test)]
mod tests;

use cursor::Cursor;
use socket::SocketFacts;

use crate::event::{Connect, Exec, Exit, FileFacts, Fork, KernelEvent, Namespaces, Open, Payload, ResolvedPath, Task};

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

// enum record_kind
const EXEC: u16 = 1;
const FORK: u16 = 2;
const EXIT: u16 = 3;
const OPEN: u16 = 4;
const CONNECT: u16 = 5;

// record.flags
const KERNEL_THREAD: u16 = 1 << 0;
const RESOLVED: u16 = 1 << 1;
const CREATED: u16 = 1 << 2;
const ARGV_TRUNCATED: u16 = 1 << 3;
const NAME_TRUNCATED: u16 = 1 << 4;

/// Decodes one record.
///
/// # Errors
/// The bytes are not what the kernel side writes.
pub fn decode(bytes: &[u8], clock: &Clock) -> Result<KernelEvent, DecodeError> {
    let mut cursor = Cursor::new(bytes);
    let (kind, flags) = (cursor.u16()?, cursor.u16()?);
    let said = cursor.u32()?;
    if said as usize != bytes.len() {
        return Err(DecodeError::Length { said, has: bytes.len() });
    }
    let time_ns = clock.boot_time_ns.saturating_add(cursor.u64()?);
    let task = task(&mut cursor, flags)?;
    let payload = match kind {
        EXEC => Payload::Exec(Box::new(exec(&mut cursor, flags)?)),
        FORK => Payload::Fork(fork(&mut cursor)?),
        EXIT => Payload::Exit(exit(&mut cursor)?),
        OPEN => Payload::Open(Box::new(open(&mut cursor, flags)?)),
        CONNECT => Payload::Connect(Box::new(connect(&mut cursor, flags)?)),
        kind => return Err(DecodeError::Kind(kind)),
    };
    Ok(KernelEvent { time_ns, task, payload })
}

fn task(cursor: &mut Cursor<'_>, flags: u16) -> Result<Task, DecodeError> {
    let (pid, tid) = (cursor.u32()?, cursor.u32()?);
    let (start_boot_ns, parent_start_boot_ns) = (cursor.u64()?, cursor.u64()?);
    let ppid = cursor.u32()?;
    let (uid, euid, gid, egid) = (cursor.u32()?, cursor.u32()?, cursor.u32()?, cursor.u32()?);
    cursor.skip(4)?;
    let comm = path::until_nul(&cursor.array::<16>()?).to_vec();
    let kernel_thread = flags & KERNEL_THREAD != 0;
    Ok(Task { pid, tid, start_boot_ns, ppid, parent_start_boot_ns, uid, euid, gid, egid, comm, kernel_thread })
}

fn file_facts(cursor: &mut Cursor<'_>) -> Result<FileFacts, DecodeError> {
    let inode = cursor.u64()?;
    let (dev, mode, uid, fs_magic) = (cursor.u32()?, cursor.u32()?, cursor.u32()?, cursor.u32()?);
    let upper = cursor.u32()? != 0;
    cursor.skip(4)?;
    Ok(FileFacts { inode, dev, mode, uid, fs_magic, upper })
}

fn exec(cursor: &mut Cursor<'_>, flags: u16) -> Result<Exec, DecodeError> {
    let exe_file = file_facts(cursor)?;
    let (suid, login_uid, sid, pgid, ns_pid) =
        (cursor.u32()?, cursor.u32()?, cursor.u32()?, cursor.u32()?, cursor.u32()?);
    let namespaces = Namespaces { mnt: cursor.u32()?, pid: cursor.u32()?, net: cursor.u32()?, user: cursor.u32()? };
    let argv_length = cursor.length()?;
    let (caps_effective, caps_permitted, caps_inheritable) = (cursor.u64()?, cursor.u64()?, cursor.u64()?);
    let stdio = [socket::stdio(cursor)?, socket::stdio(cursor)?, socket::stdio(cursor)?];
    let (exe_length, cwd_length, filename_length, interpreter_length) =
        (cursor.length()?, cursor.length()?, cursor.length()?, cursor.length()?);

    let mut argv = cursor.bytes(argv_length)?.to_vec();
    // Where it was cut.
    if argv.last().is_some_and(|byte| *byte != 0) {
        argv.push(0);
    }
    Ok(Exec {
        exe: path::of_file(cursor.bytes(exe_length)?, &exe_file),
        exe_file,
        cwd: path::walked(cursor.bytes(cwd_length)?),
        filename: path::until_nul(cursor.bytes(filename_length)?).to_vec(),
        interpreter: path::until_nul(cursor.bytes(interpreter_length)?).to_vec(),
        argv,
        argv_truncated: flags & ARGV_TRUNCATED != 0,
        suid,
        login_uid,
        sid,
        pgid,
        ns_pid,
        namespaces,
        caps_effective,
        caps_permitted,
        caps_inheritable,
        stdio,
    })
}

fn fork(cursor: &mut Cursor<'_>) -> Result<Fork, DecodeError> {
    Ok(Fork { child_start_boot_ns: cursor.u64()?, child_pid: cursor.u32()?, child_ns_pid: cursor.u32()? })
}

fn exit(cursor: &mut Cursor<'_>) -> Result<Exit, DecodeError> {
    let [low, high, ..] = cursor.u32()?.to_le_bytes();
    cursor.skip(4)?;
    // The highest bit of the low byte says that a core was dumped.
    Ok(Exit { code: high, signal: low & 0x7f })
}

fn open(cursor: &mut Cursor<'_>, flags: u16) -> Result<Open, DecodeError> {
    let result = cursor.i64()?;
    let (open_flags, mode) = (cursor.u32()?, cursor.u32()?);
    let file = file_facts(cursor)?;
    let (path_length, name_length) = (cursor.length()?, cursor.length()?);
    let (walk, name) = (cursor.bytes(path_length)?, cursor.bytes(name_length)?);
    let resolved = flags & RESOLVED != 0;
    let path: ResolvedPath =
        if resolved { path::of_file(walk, &file) } else { path::named(walk, name, flags & NAME_TRUNCATED != 0) };
    Ok(Open { result, path, resolved, flags: open_flags, mode, created: flags & CREATED != 0, file })
}

fn connect(cursor: &mut Cursor<'_>, flags: u16) -> Result<Connect, DecodeError> {
    let (result, fd) = (cursor.i64()?, cursor.i32()?);
    let address_length = cursor.length()?;
    let socket = SocketFacts::read(cursor)?;
    let address = cursor.bytes(address_length)?;
    let resolved = flags & RESOLVED != 0;
    Ok(Connect {
        result,
        fd,
        peer: if resolved { socket.peer(address) } else { socket::named_peer(address) },
        local: socket.local().filter(|_| resolved),
        socket_type: socket.socket_type,
        protocol: socket.protocol(),
        resolved,
    })
}
