//! A finding as the JSON that programs read. `docs/findings.md` documents the schema.

use std::collections::BTreeMap;

use lanner_abi::{FieldInfo, LABEL, OwnedRecord, RecordRef, field};
use lanner_enrich::{Event, Process};
use serde::Serialize;

use crate::{Detail, Finding, time};

/// Of the schema: grows when a field changes its meaning or goes, not when one is added.
pub const SCHEMA_VERSION: u32 = 1;

/// A finding, to be serialised.
#[derive(Serialize)]
pub struct Object<'a> {
    schema: u32,
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    time: String,
    time_ns: u64,
    host: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<&'a BTreeMap<String, String>>,
    rule: &'a str,
    summary: &'a str,
    severity: &'static str,
    attack: &'a [String],
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    pack: Pack<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<ProcessObject>,
    lineage: Vec<Ancestor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<EventObject>,
    events: &'a [u64],
    fields: serde_json::Map<String, serde_json::Value>,
    self_test: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    excepted: Option<&'a str>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<lanner_json::Object>,
    #[serde(skip_serializing_if = "String::is_empty")]
    cgroup: String,
    namespaces: Namespaces,
}

/// Inode numbers; left out where they are not known.
#[derive(Serialize)]
struct Namespaces {
    #[serde(skip_serializing_if = "Option::is_none")]
    mnt: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    net: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<u64>,
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
    payload: lanner_json::Object,
}

impl<'a> Object<'a> {
    /// Of this finding, on the machine `host`.
    pub fn new(finding: &'a Finding, host: &'a str) -> Self {
        let rule = finding.rule();
        let fields = finding.fields.iter().map(|(name, value)| (name.clone(), detail(value))).collect();
        Self {
            schema: SCHEMA_VERSION,
            kind: "finding",
            id: hex::encode(finding.id()),
            time: time::rfc3339(finding.time_ns),
            time_ns: finding.time_ns,
            host,
            labels: None,
            rule: &rule.id,
            summary: &rule.summary,
            severity: finding.severity.name(),
            attack: &rule.attack,
            message: &finding.message,
            key: finding.key.as_deref(),
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
            excepted: finding.excepted.as_deref(),
        }
    }

    /// With labels of the machine, where there are some.
    #[must_use]
    pub fn labelled(self, labels: &'a BTreeMap<String, String>) -> Self {
        Self { labels: (!labels.is_empty()).then_some(labels), ..self }
    }
}

impl ProcessObject {
    fn new(process: &Process) -> Self {
        let number = |field: &FieldInfo| process.record().number(field);
        Self {
            id: format!("{:016x}", process.id().0),
            image: format!("{:016x}", process.image().0),
            pid: process.pid(),
            ppid: process.ppid(),
            exe: text(process.exe()),
            comm: text(process.comm()),
            args: arguments(process.argv()).map(text).collect(),
            cwd: text(process.cwd()),
            script: text(process.script()),
            user: process.user().map(text),
            uid: process.uid(),
            euid: process.euid(),
            gid: process.gid(),
            login_uid: process.login_uid(),
            start: time::rfc3339(process.start_ns()),
            container: process.container.as_ref().map(|container| self::container(container)),
            cgroup: text(process.record().bytes(field::process::CGROUP).unwrap_or_default()),
            namespaces: Namespaces {
                mnt: number(field::process::MNT_NS),
                pid: number(field::process::PID_NS),
                net: number(field::process::NET_NS),
                user: number(field::process::USER_NS),
            },
        }
    }
}

impl Ancestor {
    fn new(process: &Process) -> Self {
        Self { pid: process.pid(), name: text(process.name()), exe: text(process.exe()) }
    }
}

impl EventObject {
    fn new(event: &Event) -> Self {
        let Event { seq, kind, result, payload, .. } = event;
        // A process that the event names is known by its pid here.
        let payload = lanner_json::shown(payload.get(), &mut |field, _| Some(event.named(field)?.pid().into()));
        Self { seq: *seq, kind: kind.name(), result: result.unwrap_or_default(), payload }
    }
}

/// Whether [`container`] has a field in another form than events have it: labels as an object, a time as a text.
pub fn is_written_anew(field: &FieldInfo) -> bool {
    field.of.is_some_and(|of| of.name == LABEL.name) || field.name == field::container::STARTED.name
}

/// All that is known of a container, as JSON. Labels are an object.
pub fn container(container: &OwnedRecord) -> lanner_json::Object {
    let mut object = lanner_json::write(container.get(), &mut |_, _| None);
    for field in [field::container::LABELS, field::container::POD_LABELS] {
        let Some(labels) = container.get().list(field) else { continue };
        let text =
            |label: RecordRef<'_>, field| String::from_utf8_lossy(label.bytes(field).unwrap_or_default()).into_owned();
        let pair = |label| (text(label, field::label::NAME), text(label, field::label::VALUE).into());
        object.insert(field.name.to_owned(), labels.map(pair).collect::<lanner_json::Object>().into());
    }
    if let Some(time_ns) = container.get().number(field::container::STARTED) {
        object.insert(field::container::STARTED.name.to_owned(), time::rfc3339(time_ns).into());
    }
    object
}

/// Splits arguments that each end with a NUL.
pub fn arguments(argv: &[u8]) -> impl Iterator<Item = &[u8]> {
    argv.split_inclusive(|byte| *byte == 0).map(|argument| argument.strip_suffix(b"\0").unwrap_or(argument))
}

fn detail(detail: &Detail) -> serde_json::Value {
    match detail {
        Detail::Text(text) => text.clone().into(),
        // JSON's readers have 64 bits for a number; a pack's have no more.
        Detail::Number(number) => match (u64::try_from(*number), i64::try_from(*number)) {
            (Ok(number), _) => number.into(),
            (_, Ok(number)) => number.into(),
            _ => number.to_string().into(),
        },
        Detail::Float(number) => (*number).into(),
        Detail::Bool(yes) => (*yes).into(),
        Detail::Path(path) => text(path).into(),
        Detail::Address(address) => address.to_string().into(),
        Detail::Process(process) => {
            let process = ProcessObject::new(process);
            serde_json::json!({"id": process.id, "image": process.image, "pid": process.pid, "exe": process.exe})
        }
        Detail::ForgottenProcess(image) => serde_json::json!({"image": format!("{image:016x}")}),
        Detail::List(details) => details.iter().map(self::detail).collect::<Vec<_>>().into(),
    }
}

/// JSON has no bytes: what is not UTF-8 becomes U+FFFD.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
