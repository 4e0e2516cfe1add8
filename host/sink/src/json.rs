//! Findings as JSON, one object a line. `docs/findings.md` documents the schema.

use std::io::Write;
use std::net::IpAddr;

use lanner_enrich::{Event, Payload, Process};
use lanner_finding::Finding;
use lanner_probes::event::{Endpoint, Open, Peer, Stdio};
use serde::Serialize;

use super::time;
use super::{Sink, SinkError};

/// Of the schema: grows when a field changes its meaning or goes, not when one is added.
pub const SCHEMA_VERSION: u32 = 1;

/// Writes findings as JSON lines.
pub struct Json<W> {
    out: W,
    host: String,
}

impl<W: Write> Json<W> {
    /// Findings of the machine `host`.
    pub fn new(out: W, host: String) -> Self {
        Self { out, host }
    }
}

impl<W: Write + Send> Sink for Json<W> {
    fn write(&mut self, finding: &Finding) -> Result<(), SinkError> {
        serde_json::to_writer(&mut self.out, &Object::new(finding, &self.host)).map_err(std::io::Error::from)?;
        self.out.write_all(b"\n")?;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(self.out.flush()?)
    }
}

#[derive(Serialize)]
struct Object<'a> {
    schema: u32,
    #[serde(rename = "type")]
    kind: &'static str,
    time: String,
    time_ns: u64,
    host: &'a str,
    rule: &'a str,
    summary: &'a str,
    severity: &'static str,
    attack: &'a [String],
    message: &'a str,
    pack: Pack<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<ProcessObject>,
    lineage: Vec<Ancestor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventObject>,
    events: &'a [u64],
    fields: serde_json::Map<String, serde_json::Value>,
    self_test: bool,
}

#[derive(Serialize)]
struct Pack<'a> {
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct ProcessObject {
    id: String,
    image: String,
    pid: u32,
    ppid: u32,
    exe: String,
    comm: String,
    args: Vec<String>,
    cwd: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    script: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    uid: u32,
    euid: u32,
    gid: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    login_uid: Option<u32>,
    start: String,
}

#[derive(Serialize)]
struct Ancestor {
    pid: u32,
    name: String,
    exe: String,
}

#[derive(Serialize)]
struct EventObject {
    seq: u64,
    kind: &'static str,
    result: i64,
    #[serde(flatten)]
    payload: PayloadObject,
}

#[derive(Serialize)]
#[serde(untagged)]
enum PayloadObject {
    Exec {
        filename: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        stdin_peer: Option<String>,
    },
    Fork {
        child: u32,
    },
    Exit {
        code: u8,
        signal: u8,
    },
    Open {
        path: String,
        flags: u32,
        mode: u32,
        created: bool,
    },
    Inet {
        address: IpAddr,
        port: u16,
        protocol: u16,
    },
    Unix {
        path: String,
    },
    Loss {
        lost_kind: &'static str,
        count: u64,
    },
    None {},
}

impl<'a> Object<'a> {
    fn new(finding: &'a Finding, host: &'a str) -> Self {
        let rule = finding.rule();
        let fields = finding.fields.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        Self {
            schema: SCHEMA_VERSION,
            kind: "finding",
            time: time::rfc3339(finding.time_ns),
            time_ns: finding.time_ns,
            host,
            rule: &rule.id,
            summary: &rule.summary,
            severity: finding.severity.name(),
            attack: &rule.attack,
            message: &finding.message,
            pack: Pack { name: &finding.pack.name, version: &finding.pack.version },
            process: finding.process.as_ref().map(|process| ProcessObject::new(process)),
            lineage: finding
                .process
                .iter()
                .flat_map(|process| process.line().skip(1))
                .map(|p| Ancestor::new(p))
                .collect(),
            event: finding.event.as_ref().map(EventObject::new),
            events: &finding.event_seqs,
            fields,
            self_test: finding.is_self_test(),
        }
    }
}

impl ProcessObject {
    fn new(process: &Process) -> Self {
        let program = &process.program;
        Self {
            id: format!("{:016x}", process.id.0),
            image: format!("{:016x}", process.image.0),
            pid: process.pid,
            ppid: process.ppid,
            exe: text(&program.exe),
            comm: text(&process.comm),
            args: super::arguments(&program.argv).map(text).collect(),
            cwd: text(&program.cwd),
            script: text(&program.script),
            user: process.user.name.as_deref().map(str::to_owned),
            uid: process.user.uid,
            euid: process.user.euid,
            gid: process.user.gid,
            login_uid: Some(process.user.login_uid).filter(|uid| *uid != u32::MAX),
            start: time::rfc3339(process.start_ns),
        }
    }
}

impl Ancestor {
    fn new(process: &Process) -> Self {
        Self { pid: process.pid, name: text(process.name()), exe: text(&process.program.exe) }
    }
}

impl EventObject {
    fn new(event: &Event) -> Self {
        let payload = match &event.payload {
            Payload::Exec(exec) => PayloadObject::Exec {
                filename: text(&exec.filename),
                stdin_peer: match exec.stdio[0] {
                    Stdio::Inet(Some(Endpoint { address, port })) => {
                        Some(std::net::SocketAddr::new(address, port).to_string())
                    }
                    _ => None,
                },
            },
            Payload::Fork(child) => PayloadObject::Fork { child: child.pid },
            Payload::Exit(exit) => PayloadObject::Exit { code: exit.code, signal: exit.signal },
            Payload::Open(open) => {
                let Open { path, flags, mode, created, .. } = &**open;
                PayloadObject::Open { path: text(&path.bytes), flags: *flags, mode: *mode, created: *created }
            }
            Payload::Connect(connect) => match &connect.peer {
                Peer::Inet(Endpoint { address, port }) => {
                    PayloadObject::Inet { address: *address, port: *port, protocol: connect.protocol }
                }
                Peer::Unix(path) => PayloadObject::Unix { path: text(path) },
                Peer::Other(_) => PayloadObject::None {},
            },
            Payload::Loss(lost) => PayloadObject::Loss { lost_kind: lost.kind.name(), count: lost.count },
        };
        Self { seq: event.seq, kind: event.kind().name(), result: event.result(), payload }
    }
}

/// JSON has no bytes: what is not UTF-8 becomes U+FFFD.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
