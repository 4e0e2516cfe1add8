//! Log sources of Sigma's rules, and the events that they are here.

use lanner_abi::{Kind, field};
use lanner_conditions::{Field, Get, Op, Owner, place};
use lanner_document::nearest;

use super::yaml::Logsource;
use crate::falco::EVENTS;

/// A kind of event as a log would have it.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) kind: Kind,
    pub(super) what: What,
    /// What has to be so for there to be such a record: one of each of these.
    pub(super) given: Vec<Vec<(Field, Op)>>,
}

/// What a record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A process began a program.
    Process,
    /// Something happened to a file: its path is the payload's of this name, and what it was before of the other.
    File(&'static str, Option<&'static str>),
    /// A connection; whether the peer began it.
    Connection(bool),
    /// A name server was asked.
    Dns,
    /// auditd's records.
    Audit(Audit),
}

/// A record of auditd's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audit {
    /// A system call.
    Syscall,
    /// The arguments of a program.
    Execve,
    /// The same in one line.
    Title,
    /// A path that a call has, which is the payload's of this name; what is done with it.
    Path(&'static str, &'static str),
}

impl Audit {
    /// The record's type.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Syscall => "SYSCALL",
            Self::Execve => "EXECVE",
            Self::Title => "PROCTITLE",
            Self::Path(..) => "PATH",
        }
    }
}

/// The events that a rule is about.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) records: Vec<Record>,
    /// What a finding's properties say it was.
    pub(super) name: String,
}

/// Why a rule is refused for its log source.
pub(super) const LOG_FILE: &str = "it reads a log file";

/// The records that a log source stands for.
///
/// # Errors
/// There are none here: a sentence.
pub(super) fn records(of: &Logsource) -> Result<Source, String> {
    match of.product.as_deref() {
        Some("linux") | None => {}
        Some(other) => return Err(format!("it is about {other}, and this is Linux")),
    }
    let named = |records, name: &str| Ok(Source { records, name: name.to_owned() });
    match (of.category.as_deref(), of.service.as_deref()) {
        (Some(category), None) => match category {
            "process_creation" => named(vec![record(Kind::Exec, What::Process)], category),
            "file_event" => named(written(), category),
            "file_change" => named(vec![succeeded(Kind::Utimes, What::File("path", None))], category),
            "file_rename" => named(vec![succeeded(Kind::Rename, What::File("new_path", Some("old_path")))], category),
            "file_delete" => named(vec![succeeded(Kind::Unlink, What::File("path", None))], category),
            "file_access" => named(vec![succeeded(Kind::Open, What::File("path", None))], category),
            "network_connection" => named(connections(), category),
            "dns_query" | "dns" => {
                let mut record = record(Kind::Dns, What::Dns);
                record.given.push(vec![(raw(field::dns::RESPONSE), Op::Is(false))]);
                named(vec![record], category)
            }
            other => {
                let known = [
                    "process_creation",
                    "file_event",
                    "file_change",
                    "file_rename",
                    "file_delete",
                    "file_access",
                    "network_connection",
                    "dns_query",
                ];
                let near = nearest(other, known).map_or(String::new(), |near| format!("; did you mean {near:?}?"));
                Err(format!("there are no events of the category {other:?} here{near}"))
            }
        },
        (None, Some("auditd")) => named(audit(), "auditd"),
        (None, Some(service)) => {
            Err(format!("{LOG_FILE} (service: {service}), and only what the kernel tells is judged"))
        }
        (None, None) => {
            Err(format!("{LOG_FILE} (product: linux without a category), and only what the kernel tells is judged"))
        }
        (Some(category), Some(service)) => {
            Err(format!("it reads what {service} writes of {category}, and only what the kernel tells is judged"))
        }
    }
}

fn record(kind: Kind, what: What) -> Record {
    Record { kind, what, given: Vec::new() }
}

fn raw(info: &lanner_abi::FieldInfo) -> Field {
    Field::raw(Owner::Payload, info)
}

/// Whether the call failed.
pub(super) fn failed() -> Field {
    Field::get(Owner::Event, Get::Bit(place(field::event::FLAGS), 2))
}

fn succeeded(kind: Kind, what: What) -> Record {
    Record { kind, what, given: vec![vec![(failed(), Op::Is(false))]] }
}

/// Files that are made or may be written, and those that get a name.
fn written() -> Vec<Record> {
    let mut open = succeeded(Kind::Open, What::File("path", None));
    open.given.push(vec![
        (Field::get(Owner::Payload, Get::OpenAccess), Op::AnyBits(2)),
        (raw(field::open::CREATED), Op::Is(true)),
    ]);
    vec![
        open,
        succeeded(Kind::Rename, What::File("new_path", Some("old_path"))),
        succeeded(Kind::Link, What::File("new_path", Some("old_path"))),
        succeeded(Kind::Symlink, What::File("path", None)),
        succeeded(Kind::Mknod, What::File("path", None)),
    ]
}

/// Connections of IPv4 and IPv6 that came about, or are under way.
fn connections() -> Vec<Record> {
    const UNDER_WAY: [i128; 2] = [-115, -4];
    let mut connect = record(Kind::Connect, What::Connection(false));
    let mut ranges = vec![(0, i64::MAX.into())];
    ranges.extend(UNDER_WAY.map(|errno| (errno, errno)));
    connect.given.push(vec![(Field::raw(Owner::Event, field::event::RESULT), Op::Numbers(ranges))]);
    connect.given.push(vec![(raw(field::connect::ADDRESS), Op::Known)]);
    let mut accept = succeeded(Kind::Accept, What::Connection(true));
    accept.given.push(vec![(raw(field::accept::ADDRESS), Op::Known)]);
    vec![connect, accept]
}

fn audit() -> Vec<Record> {
    let audit = |kind, what| record(kind, What::Audit(what));
    let path = |kind, name, nametype| audit(kind, Audit::Path(name, nametype));
    let mut records = vec![audit(Kind::Exec, Audit::Execve), audit(Kind::Exec, Audit::Title)];
    let calls = EVENTS.iter().filter(|called| called.kind != Kind::Exit);
    records.extend(calls.map(|called| audit(called.kind, Audit::Syscall)));
    for (created, nametype) in [(true, "CREATE"), (false, "NORMAL")] {
        let mut open = path(Kind::Open, "path", nametype);
        open.given.push(vec![(raw(field::open::CREATED), Op::Is(created))]);
        records.push(open);
    }
    records.extend([
        path(Kind::Exec, "path", "NORMAL"),
        path(Kind::ExecFailed, "path", "NORMAL"),
        path(Kind::Unlink, "path", "DELETE"),
        path(Kind::Rename, "old_path", "DELETE"),
        path(Kind::Rename, "new_path", "CREATE"),
        path(Kind::Link, "old_path", "NORMAL"),
        path(Kind::Link, "new_path", "CREATE"),
        path(Kind::Symlink, "path", "CREATE"),
        path(Kind::Mkdir, "path", "CREATE"),
        path(Kind::Mknod, "path", "CREATE"),
    ]);
    let changed =
        [Kind::Chmod, Kind::Chown, Kind::Truncate, Kind::Utimes, Kind::Xattr, Kind::Mount, Kind::Umount, Kind::Chroot];
    records.extend(changed.map(|kind| path(kind, "path", "NORMAL")));
    records
}
