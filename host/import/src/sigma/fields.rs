//! Sigma's fields, and what they are here, for each record.

use lanner_abi::{FieldInfo, Kind, Reads, Type as Raw, field};
use lanner_conditions::{Constant, Field, Get, Owner, Table, place};

use super::logsource::{Audit, Record, What, failed};
use crate::falco;

/// What a field is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Number,
    Bool,
    /// An address: compared with addresses and networks.
    Address,
    /// A name of a host.
    Host,
}

/// What a field is here.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Field(Field, Type),
    /// The same of every record: one of these. Where it is the name of a call, a kind does not say which.
    Names(Vec<&'static str>),
    /// What auditd's own rules say of the record.
    Key,
    /// It has no meaning for this record.
    Absent,
    /// It is not told: why.
    Unseen(&'static str),
    /// There is no such field.
    Unknown,
}

/// Fields of processes, which are known of the one that did something too.
const PROCESS: &[&str] = &[
    "Image",
    "CommandLine",
    "CurrentDirectory",
    "User",
    "LogonId",
    "ProcessId",
    "ParentProcessId",
    "ParentImage",
    "ParentCommandLine",
    "ParentUser",
];
const CONNECTION: &[&str] = &[
    "Initiated",
    "Protocol",
    "SourceIp",
    "SourcePort",
    "SourceHostname",
    "DestinationIp",
    "DestinationPort",
    "DestinationHostname",
];
const AUDIT: &[&str] = &[
    "type",
    "SYSCALL",
    "syscall",
    "comm",
    "exe",
    "uid",
    "euid",
    "suid",
    "gid",
    "egid",
    "sgid",
    "auid",
    "pid",
    "ppid",
    "success",
    "exit",
    "key",
    "a0",
    "a1",
    "a2",
    "a3",
    "name",
    "nametype",
    "proctitle",
    "argc",
];

/// Names of a record's fields, for who mistypes one.
pub(super) fn names(record: &Record) -> Vec<&'static str> {
    match record.what {
        What::Process => PROCESS.to_vec(),
        What::File(..) => [PROCESS, &["TargetFilename", "SourceFilename"]].concat(),
        What::Connection(_) => [PROCESS, CONNECTION].concat(),
        What::Dns => [PROCESS, &["QueryName", "record_type"]].concat(),
        What::Audit(_) => AUDIT.to_vec(),
    }
}

/// Those that a finding has beside its message.
pub(super) fn shown(record: &Record) -> &'static [&'static str] {
    match record.what {
        What::Process => {
            &["Image", "CommandLine", "CurrentDirectory", "User", "ProcessId", "ParentImage", "ParentCommandLine"]
        }
        What::File(..) => &["TargetFilename", "Image", "CommandLine", "User", "ProcessId"],
        What::Connection(_) => &[
            "Image",
            "CommandLine",
            "User",
            "ProcessId",
            "Initiated",
            "Protocol",
            "SourceIp",
            "SourcePort",
            "DestinationIp",
            "DestinationPort",
        ],
        What::Dns => &["QueryName", "Image", "User", "ProcessId"],
        What::Audit(Audit::Path(..)) => &["name", "exe", "comm", "pid"],
        What::Audit(_) => &["exe", "comm", "proctitle", "pid", "auid"],
    }
}

/// Those that a message shows behind the title.
pub(super) fn told(record: &Record) -> &'static [&'static str] {
    match record.what {
        What::Process => &["CommandLine"],
        What::File(..) => &["Image", "TargetFilename"],
        What::Connection(_) => &["Image", "DestinationIp", "DestinationPort"],
        What::Dns => &["Image", "QueryName"],
        What::Audit(Audit::Path(..)) => &["exe", "name"],
        What::Audit(_) => &["exe"],
    }
}

/// Where keywords are looked for.
pub(super) fn searched(record: &Record) -> Vec<Field> {
    let names: &[&str] = match record.what {
        What::Process => &["Image", "CommandLine", "ParentImage", "ParentCommandLine", "CurrentDirectory", "User"],
        What::File(..) => &["TargetFilename", "SourceFilename", "Image"],
        What::Connection(_) => &["Image"],
        What::Dns => &["QueryName", "Image"],
        What::Audit(Audit::Execve) => &["proctitle"],
        What::Audit(Audit::Title) => &[],
        What::Audit(Audit::Syscall) => &["exe", "comm"],
        What::Audit(Audit::Path(..)) => &["name"],
    };
    let field = |name: &&str| match value(record, name) {
        Answer::Field(field, Type::Text) => Some(field),
        _ => None,
    };
    names.iter().filter_map(field).collect()
}

/// The value that a finding shows of a field, which may be one of another record of the same event.
pub(super) fn value(record: &Record, name: &str) -> Answer {
    match record.what {
        What::Audit(_) => match name {
            "name" => match record.kind {
                // Such a call has two of them.
                Kind::Rename | Kind::Link => {
                    let both = ["old_path", "new_path"].map(|name| payload(record.kind, name));
                    let both = both.into_iter().filter_map(|answer| match answer {
                        Answer::Field(field, _) => Some(field),
                        _ => None,
                    });
                    text(Field::get(Owner::Payload, Get::Each(both.collect())))
                }
                _ => answer(record, name),
            },
            "proctitle" if record.kind == Kind::Exec => arguments(Owner::Process),
            _ => answer(&Record { what: What::Audit(Audit::Syscall), ..record.clone() }, name),
        },
        _ => answer(record, name),
    }
}

fn text(field: Field) -> Answer {
    Answer::Field(field, Type::Text)
}

fn number(field: Field) -> Answer {
    Answer::Field(field, Type::Number)
}

fn process(info: &FieldInfo) -> Field {
    Field::raw(Owner::Process, info)
}

fn arguments(of: Owner) -> Answer {
    text(Field::get(of, Get::Joined(place(field::process::ARGV), 0)))
}

/// A field of the kind's own.
fn payload(kind: Kind, name: &str) -> Answer {
    let Some(info) = kind.record().fields.iter().find(|field| field.name == name) else { return Answer::Absent };
    let ty = match info.ty {
        Raw::Text => Type::Text,
        Raw::Bytes16 => Type::Address,
        _ if info.reads == Reads::Bool => Type::Bool,
        _ => Type::Number,
    };
    Answer::Field(Field::raw(Owner::Payload, info), ty)
}

/// The login's user, as who has none is written.
fn login(none: i128) -> Answer {
    number(process(field::process::LOGIN_UID).or(Constant::Number(none)))
}

/// What a field of Sigma's is for a record.
pub(super) fn answer(record: &Record, name: &str) -> Answer {
    let kind = record.kind;
    match record.what {
        What::Process => of_process(name),
        What::File(path, before) => match (name, before) {
            ("TargetFilename", _) => payload(kind, path),
            ("SourceFilename", Some(before)) => payload(kind, before),
            ("SourceFilename", None) => Answer::Absent,
            ("CreationUtcTime" | "PreviousCreationUtcTime", _) => {
                Answer::Unseen("times of files are not told with these events")
            }
            _ => of_process(name),
        },
        What::Connection(inbound) => connection(kind, inbound, name),
        What::Dns => match name {
            "QueryName" | "query" => payload(kind, "name"),
            "record_type" => payload(kind, "record_type"),
            "QueryResults" | "QueryStatus" => Answer::Unseen("answers are events of their own"),
            _ => of_process(name),
        },
        What::Audit(audit) => of_audit(kind, audit, name),
    }
}

fn of_process(name: &str) -> Answer {
    match name {
        "Image" => text(process(field::process::EXE)),
        "CommandLine" => arguments(Owner::Process),
        "CurrentDirectory" => text(process(field::process::CWD)),
        "User" => text(Field::get(Owner::Process, Get::User)),
        "LogonId" => login(0),
        "ProcessId" => number(process(field::process::PID)),
        "ParentProcessId" => number(process(field::process::PPID)),
        "ParentImage" => text(Field::raw(Owner::Ancestor(1), field::process::EXE)),
        "ParentCommandLine" => arguments(Owner::Ancestor(1)),
        "ParentUser" => text(Field::get(Owner::Ancestor(1), Get::User)),
        "Hashes" | "md5" | "sha1" | "sha256" | "Imphash" | "imphash" => Answer::Unseen("files are not hashed"),
        "OriginalFileName"
        | "Description"
        | "Product"
        | "Company"
        | "FileVersion"
        | "IntegrityLevel"
        | "LogonGuid"
        | "ProcessGuid"
        | "ParentProcessGuid"
        | "TerminalSessionId"
        | "ParentIntegrityLevel" => Answer::Unseen("there is no such thing on Linux"),
        "UtcTime" | "RuleName" | "EventID" => Answer::Unseen("it is of the log and not of the event"),
        _ => Answer::Unknown,
    }
}

fn connection(kind: Kind, inbound: bool, name: &str) -> Answer {
    // Who began it is the source.
    let (here, there) = (("local_address", "local_port"), ("address", "port"));
    let (source, destination) = if inbound { (there, here) } else { (here, there) };
    let host = |(address, _): (&str, &str)| match payload(kind, address) {
        Answer::Field(field, Type::Address) => {
            Answer::Field(Field::get(Owner::Payload, Get::Hosts(Box::new(field))), Type::Host)
        }
        other => other,
    };
    match name {
        "SourceIp" => payload(kind, source.0),
        "SourcePort" => payload(kind, source.1),
        "SourceHostname" => host(source),
        "DestinationIp" => payload(kind, destination.0),
        "DestinationPort" => payload(kind, destination.1),
        "DestinationHostname" => host(destination),
        "Initiated" => Answer::Names(if inbound { vec!["false"] } else { vec!["true"] }),
        "Protocol" => match payload(kind, "protocol") {
            Answer::Field(Field { get: Get::Raw(at), .. }, _) => {
                text(Field::get(Owner::Payload, Get::Names(at, Table::Protocol)))
            }
            other => other,
        },
        "SourceIsIpv6" | "DestinationIsIpv6" | "SourcePortName" | "DestinationPortName" => {
            Answer::Unseen("it follows from the address or the port; compare that")
        }
        _ => of_process(name),
    }
}

fn of_audit(kind: Kind, audit: Audit, name: &str) -> Answer {
    let argument = name.strip_prefix('a').and_then(|number| number.parse::<u8>().ok());
    match (audit, name) {
        (_, "type") => Answer::Names(vec![audit.name()]),
        (Audit::Execve, _) if argument.is_some() => {
            text(Field::get(Owner::Process, Get::Item(place(field::process::ARGV), argument.unwrap_or_default())))
        }
        (Audit::Title, "proctitle") => arguments(Owner::Process),
        (Audit::Path(path, _), "name") => match (kind, payload(kind, path)) {
            // As it was asked for, and what that leads to.
            (Kind::Open, Answer::Field(field, Type::Text)) => {
                let asked = Field::raw(Owner::Payload, field::open::ASKED);
                text(Field::get(Owner::Payload, Get::Each(vec![field, asked])))
            }
            (_, answer) => answer,
        },
        (Audit::Path(_, nametype), "nametype" | "objtype") => Answer::Names(vec![nametype]),
        (Audit::Path(..), "inode" | "dev" | "mode" | "ouid" | "ogid" | "rdev" | "obj" | "item" | "cap_fp") => {
            Answer::Unseen("of a path its name is told alone")
        }
        (Audit::Execve, "argc") => Answer::Unseen("arguments are told, and not their number"),
        (Audit::Syscall, _) => of_call(kind, name, argument),
        // Of another record.
        _ if AUDIT.contains(&name) || argument.is_some() || is_audits(name) => Answer::Absent,
        _ => Answer::Unknown,
    }
}

/// Whether auditd has a field of this name in some record.
fn is_audits(name: &str) -> bool {
    const MORE: [&str; 28] = [
        "arch", "items", "tty", "ses", "subj", "fsuid", "fsgid", "per", "cwd", "saddr", "acct", "res", "unit", "msg",
        "op", "id", "terminal", "hostname", "addr", "inode", "dev", "mode", "ouid", "ogid", "rdev", "obj", "item",
        "objtype",
    ];
    MORE.contains(&name)
}

fn of_call(kind: Kind, name: &str, argument: Option<u8>) -> Answer {
    let ids = |info| number(process(info));
    match name {
        "SYSCALL" | "syscall" => match falco::EVENTS.iter().find(|called| called.kind == kind) {
            Some(called) => Answer::Names(called.main.iter().chain(called.also).copied().collect()),
            None => Answer::Absent,
        },
        "comm" => text(process(field::process::COMM)),
        "exe" => text(process(field::process::EXE)),
        "uid" => ids(field::process::UID),
        "euid" => ids(field::process::EUID),
        "suid" => ids(field::process::SUID),
        "gid" => ids(field::process::GID),
        "egid" => ids(field::process::EGID),
        "sgid" => ids(field::process::SGID),
        "auid" => login(u32::MAX.into()),
        "pid" => ids(field::process::PID),
        "ppid" => ids(field::process::PPID),
        "success" if kind.info().has_result => {
            let flags = place(field::event::FLAGS);
            let Get::Bit(_, bit) = failed().get else { return Answer::Absent };
            text(Field::get(Owner::Event, Get::Choice(flags, 1 << bit, Constant::text("no"), Constant::text("yes"))))
        }
        "success" => Answer::Names(vec!["yes"]),
        "exit" if kind.info().has_result => number(Field::raw(Owner::Event, field::event::RESULT)),
        "exit" => number(Field::get(Owner::Event, Get::Constant(Constant::Number(0)))),
        "key" => Answer::Key,
        _ if argument.is_some_and(|argument| argument < 4) => {
            Answer::Unseen("arguments of system calls are not told as numbers")
        }
        "arch" | "items" | "tty" | "ses" | "subj" | "fsuid" | "fsgid" | "per" => {
            Answer::Unseen("of a system call that is not told")
        }
        _ if AUDIT.contains(&name) || argument.is_some() || is_audits(name) => Answer::Absent,
        _ => Answer::Unknown,
    }
}
