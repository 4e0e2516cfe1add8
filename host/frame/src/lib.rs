//! From events to the bytes that packs read. The layout is `lanner_abi`'s.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use lanner_abi::{
    ConnectRecord, EventHeader, ExecRecord, ExitRecord, ForkRecord, FrameWriter, Kind, LossRecord, NO_PROCESS,
    OpenRecord, PayloadRecord, ProcessRecord, event_flag, process_flag, stdio_flag,
};
use lanner_enrich::{Event, ExecFacts, Payload, Process};
use lanner_probes::event::{Connect, Endpoint, Open, Peer, Stdio};

/// A frame is closed when it is this long, though the batch has more events: a pack has to hold it in its memory, and who
/// starts processes decides how long their arguments are. A frame of ordinary events is a fiftieth of it.
const MAX_FRAME: usize = 4 << 20;
/// What EINPROGRESS looks like as a result: the connection of a non-blocking socket is under way.
const IN_PROGRESS: i64 = -115;

/// Encodes batches; keeps its buffers between them.
#[derive(Default)]
pub struct Encoder {
    writer: FrameWriter,
    /// The row of each image, by where it lies in memory: an image never changes, so within a batch, which keeps it
    /// alive, the same address is the same image.
    rows: HashMap<usize, u32>,
}

impl Encoder {
    /// Encodes events, with their processes and all ancestors of these, each once. Gives the frames, most often one, each
    /// with the number of its events; none where there are no events.
    pub fn encode<'a>(&mut self, events: impl Iterator<Item = &'a Event>) -> Vec<(Arc<[u8]>, u64)> {
        let mut frames = Vec::new();
        let mut count = 0;
        self.begin();
        for event in events {
            self.event(event);
            count += 1;
            if self.writer.size() >= MAX_FRAME {
                frames.push((Arc::from(self.writer.finish()), count));
                count = 0;
                self.begin();
            }
        }
        if count > 0 {
            frames.push((Arc::from(self.writer.finish()), count));
        }
        frames
    }

    fn begin(&mut self) {
        self.writer.clear();
        self.rows.clear();
    }

    fn event(&mut self, event: &Event) {
        let process = self.process(&event.process);
        let result = event.result();
        let mut header = EventHeader { seq: event.seq, time: event.time_ns, process, tid: event.tid, result, flags: 0 };
        if result < 0 && !(event.kind() == Kind::Connect && result == IN_PROGRESS) {
            header.flags |= event_flag::FAILED;
        }
        let payload = match &event.payload {
            Payload::Exec(exec) => {
                if exec.image.flags & process_flag::PARTIAL != 0 {
                    header.flags |= event_flag::PARTIAL;
                }
                let cut = process_flag::ARGV_TRUNCATED | process_flag::PATH_TRUNCATED;
                header.flags |= flags(exec.image.flags & cut != 0, true);
                PayloadRecord::Exec(self.exec(exec))
            }
            Payload::Fork(child) => PayloadRecord::Fork(ForkRecord { child: self.process(child) }),
            Payload::Exit(exit) => {
                PayloadRecord::Exit(ExitRecord { code: i32::from(exit.code), signal: u32::from(exit.signal) })
            }
            Payload::Open(open) => {
                header.flags |= flags(open.path.truncated, open.resolved);
                PayloadRecord::Open(open_record(open))
            }
            Payload::Connect(connect) => {
                header.flags |= flags(false, connect.resolved);
                PayloadRecord::Connect(connect_record(connect))
            }
            Payload::Loss(lost) => PayloadRecord::Loss(LossRecord {
                count: lost.count,
                lost_kind: Kind::from_name(lost.kind.name()).map_or(0, Kind::number),
            }),
        };
        self.writer.event(&header, &payload);
    }

    /// The row of an image; it and its ancestors are written where they are not yet.
    fn process(&mut self, process: &Arc<Process>) -> u32 {
        let address = Arc::as_ptr(process).addr();
        if let Some(row) = self.rows.get(&address) {
            return *row;
        }
        // The lineage is bounded (`enrich::MAX_LINEAGE`), so this does not go deep.
        let parent = process.parent.as_ref().map_or(NO_PROCESS, |parent| self.process(parent));
        let Process { program, user, .. } = &**process;
        let row = self.writer.process(&ProcessRecord {
            id: process.id.0,
            image: process.image.0,
            parent,
            pid: process.pid,
            ppid: process.ppid,
            ns_pid: process.ns_pid,
            sid: process.sid,
            pgid: process.pgid,
            uid: user.uid,
            euid: user.euid,
            suid: user.suid,
            gid: user.gid,
            egid: user.egid,
            login_uid: user.login_uid,
            start: process.start_ns,
            image_start: process.image_start_ns,
            caps_effective: user.caps_effective,
            caps_permitted: user.caps_permitted,
            caps_inheritable: user.caps_inheritable,
            exe_inode: program.file.inode,
            exe_dev: program.file.dev,
            exe_uid: program.file.uid,
            exe_mode: program.file.mode,
            exe_fs: program.file.fs_magic,
            mnt_ns: program.namespaces.mnt,
            pid_ns: program.namespaces.pid,
            net_ns: program.namespaces.net,
            user_ns: program.namespaces.user,
            flags: process.flags,
            exe: &program.exe,
            comm: &process.comm,
            argv: &program.argv,
            cwd: &program.cwd,
            script: &program.script,
            user: user.name.as_deref().unwrap_or_default().as_bytes(),
        });
        self.rows.insert(address, row);
        row
    }

    fn exec<'a>(&mut self, exec: &'a ExecFacts) -> ExecRecord<'a> {
        let peer = match exec.stdio[0] {
            Stdio::Inet(peer) => peer,
            _ => None,
        };
        let (peer_address, peer_port) = parts(peer);
        let peer_family = match peer {
            None => 0,
            Some(peer) => family(peer.address),
        };
        let image = self.process(&exec.image);
        ExecRecord { image, stdio: stdio(&exec.stdio), peer_port, peer_family, peer_address, filename: &exec.filename }
    }
}

fn flags(truncated: bool, resolved: bool) -> u16 {
    (if truncated { event_flag::TRUNCATED } else { 0 }) | (if resolved { 0 } else { event_flag::UNRESOLVED })
}

fn stdio(stdio: &[Stdio; 3]) -> u32 {
    let mut flags = match stdio[0] {
        Stdio::Unix => stdio_flag::STDIN_UNIX,
        Stdio::Pipe => stdio_flag::STDIN_PIPE,
        Stdio::Tty => stdio_flag::STDIN_TTY,
        _ => 0,
    };
    let sockets = [stdio_flag::STDIN_SOCKET, stdio_flag::STDOUT_SOCKET, stdio_flag::STDERR_SOCKET];
    for (descriptor, flag) in stdio.iter().zip(sockets) {
        if matches!(descriptor, Stdio::Inet(_)) {
            flags |= flag;
        }
    }
    flags
}

fn open_record(open: &Open) -> OpenRecord<'_> {
    OpenRecord {
        path: &open.path.bytes,
        flags: open.flags,
        mode: open.mode,
        inode: open.file.inode,
        dev: open.file.dev,
        file_mode: open.file.mode,
        created: open.created,
        file_upper: open.file.upper,
    }
}

fn connect_record(connect: &Connect) -> ConnectRecord<'_> {
    const FAMILY_UNIX: u16 = 1;
    let (local_address, local_port) = parts(connect.local);
    let mut record = ConnectRecord {
        local_port,
        protocol: connect.protocol,
        local_address,
        fd: connect.fd,
        socket_type: u32::from(connect.socket_type),
        ..ConnectRecord::default()
    };
    match &connect.peer {
        Peer::Inet(peer) => {
            record.family = family(peer.address);
            (record.address, record.port) = parts(Some(*peer));
        }
        Peer::Unix(path) => {
            record.family = FAMILY_UNIX;
            record.unix_path = path;
        }
        Peer::Other(family) => record.family = *family,
    }
    record
}

fn family(address: IpAddr) -> u16 {
    if address.is_ipv4() { 2 } else { 10 }
}

/// Address and port as frames hold them: IPv4 mapped into IPv6.
fn parts(endpoint: Option<Endpoint>) -> ([u8; 16], u16) {
    match endpoint {
        None => ([0; 16], 0),
        Some(Endpoint { address: IpAddr::V4(address), port }) => (address.to_ipv6_mapped().octets(), port),
        Some(Endpoint { address: IpAddr::V6(address), port }) => (address.octets(), port),
    }
}

#[cfg(test)]
mod tests {
    use lanner_abi::Frame;
    use lanner_enrich::Enricher;
    use lanner_probes::event::{Exec, KernelEvent, Payload as Kernel, Task};
    use lanner_source::record::{Machine, Record};

    use super::*;

    #[test]
    fn a_batch_of_fat_processes_is_several_frames() {
        const EVENTS: u32 = 600;
        let mut enricher = Enricher::new(&Machine::default(), None);
        let exec = |pid| {
            let task = Task { pid, tid: pid, start_boot_ns: 1, ..Task::default() };
            let payload = Kernel::Exec(Box::new(Exec { argv: vec![b'x'; 32 << 10], ..Exec::default() }));
            Record::Event(Box::new(KernelEvent { time_ns: 0, task, payload }))
        };
        let events: Vec<Event> = (1..=EVENTS).filter_map(|pid| enricher.take(exec(pid))).collect();
        let frames = Encoder::default().encode(events.iter());
        assert!(frames.len() > 2 && frames.iter().all(|(frame, _)| frame.len() < MAX_FRAME + (64 << 10)));
        let seqs = frames.iter().flat_map(|(frame, count)| {
            let frame = Frame::parse(frame).expect("a frame");
            assert_eq!(frame.events().count() as u64, *count);
            frame.events().map(|event| event.seq()).collect::<Vec<_>>()
        });
        assert_eq!(seqs.collect::<Vec<_>>(), (1..=u64::from(EVENTS)).collect::<Vec<_>>());
        assert!(Encoder::default().encode([].iter()).is_empty());
    }
}
