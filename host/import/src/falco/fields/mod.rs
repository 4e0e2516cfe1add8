//! Falco's fields, and what they are here, for each kind of event.

mod descriptor;
mod event;
mod process;

use lanner_abi::{FieldInfo, Kind, field};
use lanner_conditions::{Constant, Field, Get, Owner, Table, Transform, place};

use descriptor::descriptor;
use event::event;
use process::{container, kubernetes, process, thread, user};

/// What a field is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Number,
    Bool,
    /// An address: compared with addresses and networks.
    Address,
    /// Names of hosts.
    Host,
    /// A type of event.
    Event,
}

/// What a field is here.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Field(Mapped),
    /// It has a meaning, and none for this kind of event.
    Absent,
    /// Falco has it, and it cannot be told here: why.
    Unseen(&'static str),
    /// There is no such field.
    Unknown,
}

#[derive(Clone, Debug)]
pub(super) struct Mapped {
    pub(super) field: Field,
    pub(super) ty: Type,
    /// How it is another than Falco's, and whether that matters to what is found.
    pub(super) differs: Option<(&'static str, bool)>,
}

impl Mapped {
    fn differing(mut self, how: &'static str, matters: bool) -> Self {
        self.differs = Some((how, matters));
        self
    }
}

fn mapped(ty: Type, field: Field) -> Mapped {
    Mapped { field, ty, differs: None }
}

fn text(field: Field) -> Answer {
    Answer::Field(mapped(Type::Text, field))
}

fn number(field: Field) -> Answer {
    Answer::Field(mapped(Type::Number, field))
}

fn yes_or_no(field: Field) -> Answer {
    Answer::Field(mapped(Type::Bool, field))
}

fn constant(text: &str) -> Field {
    Field::get(Owner::Event, Get::Constant(Constant::text(text)))
}

/// The names of Falco's fields that have a meaning here, for who mistypes one, and for the page that lists them.
pub const NAMES: &[&str] = &[
    "evt.num",
    "evt.time",
    "evt.time.s",
    "evt.time.iso8601",
    "evt.datetime",
    "evt.datetime.s",
    "evt.rawtime",
    "evt.rawtime.s",
    "evt.rawtime.ns",
    "evt.dir",
    "evt.type",
    "evt.category",
    "evt.res",
    "evt.rawres",
    "evt.failed",
    "evt.count",
    "evt.source",
    "evt.is_open_read",
    "evt.is_open_write",
    "evt.is_open_exec",
    "evt.is_open_create",
    "evt.arg",
    "evt.rawarg",
    "proc.name",
    "proc.exe",
    "proc.exepath",
    "proc.args",
    "proc.cmdline",
    "proc.exeline",
    "proc.cwd",
    "proc.env",
    "proc.tty",
    "proc.pid",
    "proc.vpid",
    "proc.ppid",
    "proc.pvpid",
    "proc.sid",
    "proc.vpgid",
    "proc.pgid",
    "proc.duration",
    "proc.ppid.duration",
    "proc.pid.ts",
    "proc.ppid.ts",
    "proc.pname",
    "proc.pexe",
    "proc.pexepath",
    "proc.pcmdline",
    "proc.aname",
    "proc.aexe",
    "proc.aexepath",
    "proc.acmdline",
    "proc.apid",
    "proc.aargs",
    "proc.sname",
    "proc.sid.exe",
    "proc.sid.exepath",
    "proc.vpgid.name",
    "proc.vpgid.exe",
    "proc.vpgid.exepath",
    "proc.pgid.name",
    "proc.pgid.exe",
    "proc.pgid.exepath",
    "proc.is_sid_leader",
    "proc.is_vpgid_leader",
    "proc.is_pgid_leader",
    "proc.is_exe_writable",
    "proc.is_exe_upper_layer",
    "proc.is_exe_from_memfd",
    "proc.exe_ino",
    "proc.exe_ino.ctime",
    "proc.exe_ino.mtime",
    "proc.exe_ino.ctime_duration_proc_start",
    "proc.cmdlenargs",
    "thread.tid",
    "thread.cap_effective",
    "thread.cap_permitted",
    "thread.cap_inheritable",
    "thread.cgroups",
    "user.uid",
    "user.name",
    "user.loginuid",
    "user.loginname",
    "group.gid",
    "group.name",
    "container.id",
    "container.full_id",
    "container.name",
    "container.image",
    "container.image.repository",
    "container.image.tag",
    "container.image.digest",
    "container.type",
    "container.privileged",
    "container.mounts",
    "container.mount.dest",
    "container.mount.source",
    "container.start_ts",
    "container.label",
    "container.labels",
    "k8s.ns.name",
    "k8s.pod.name",
    "k8s.pod.id",
    "k8s.pod.uid",
    "k8s.pod.label",
    "k8s.pod.labels",
    "fd.num",
    "fd.type",
    "fd.typechar",
    "fd.name",
    "fd.nameraw",
    "fd.directory",
    "fd.filename",
    "fd.ino",
    "fd.dev",
    "fd.is_upper_layer",
    "fd.ip",
    "fd.cip",
    "fd.sip",
    "fd.lip",
    "fd.rip",
    "fd.net",
    "fd.cnet",
    "fd.snet",
    "fd.lnet",
    "fd.rnet",
    "fd.port",
    "fd.cport",
    "fd.sport",
    "fd.lport",
    "fd.rport",
    "fd.l4proto",
    "fd.sockfamily",
    "fd.is_server",
    "fd.connected",
    "fd.name_changed",
    "fd.cip.name",
    "fd.sip.name",
    "fd.lip.name",
    "fd.rip.name",
    "fs.path.name",
    "fs.path.nameraw",
    "fs.path.source",
    "fs.path.target",
];

/// What a field of Falco's is for events of a kind.
pub(super) fn answer(kind: Kind, name: &str, argument: Option<&str>) -> Answer {
    let (family, rest) = name.split_once('.').unwrap_or((name, ""));
    match family {
        "evt" => event(kind, rest, argument),
        "proc" => process(rest, argument),
        "thread" => thread(rest),
        "user" => user(rest),
        "group" => match rest {
            "gid" => number(Field::raw(Owner::Process, field::process::EGID)),
            "name" => text(Field::get(Owner::Process, Get::Group)),
            _ => Answer::Unknown,
        },
        "container" => container(rest, argument),
        "k8s" => kubernetes(rest, argument),
        "fd" => descriptor(kind, rest, argument),
        "fs" => match (kind, rest) {
            (Kind::Rename | Kind::Link, "path.source" | "path.sourceraw") => payload(kind, "old_path"),
            (Kind::Rename | Kind::Link, "path.target" | "path.targetraw") => payload(kind, "new_path"),
            (Kind::Symlink, "path.source" | "path.sourceraw") => payload(kind, "target"),
            (Kind::Symlink, "path.target" | "path.targetraw") => payload(kind, "path"),
            (_, "path.source" | "path.target" | "path.sourceraw" | "path.targetraw") => Answer::Absent,
            (Kind::Open, "path.nameraw") => descriptor(kind, "nameraw", None),
            (_, "path.name" | "path.nameraw") => payload(kind, "path"),
            _ => Answer::Unknown,
        },
        "syslog" => Answer::Unseen("what is written to syslog is not recorded"),
        "fdlist" => Answer::Unseen("poll and select are not told"),
        "mesos" | "marathon" => Answer::Unseen("there is no Mesos here"),
        "ka" | "jevt" | "json" | "ct" | "okta" | "github" | "gcp" | "aws" => {
            Answer::Unseen("it is of a plugin's events, and only those of the kernel are judged")
        }
        _ => Answer::Unknown,
    }
}

/// A field of a kind's own, as a text or a number.
fn payload(kind: Kind, name: &str) -> Answer {
    let Some(info) = own(kind, name) else { return Answer::Absent };
    let field = Field::raw(Owner::Payload, info);
    match info.ty {
        lanner_abi::Type::Text => text(field),
        lanner_abi::Type::Bytes16 => Answer::Field(mapped(Type::Address, field)),
        _ if info.reads == lanner_abi::Reads::Bool => yes_or_no(field),
        _ => number(field),
    }
}

fn own(kind: Kind, name: &str) -> Option<&'static FieldInfo> {
    kind.record().fields.iter().find(|field| field.name == name)
}

/// A number of a kind's own, as it is written.
fn named(kind: Kind, name: &str, table: Table) -> Answer {
    match own(kind, name) {
        Some(info) => text(Field::get(Owner::Payload, Get::Names(place(info), table))),
        None => Answer::Absent,
    }
}

fn as_text(answer: Answer) -> Answer {
    match answer {
        Answer::Field(Mapped { field, ty, differs }) => {
            let field = if ty == Type::Text { field } else { field.then(Transform::Text) };
            Answer::Field(Mapped { field, ty: Type::Text, differs })
        }
        other => other,
    }
}

fn result() -> Field {
    Field::raw(Owner::Event, field::event::RESULT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_for_some_kind() {
        for name in NAMES {
            let argument = match *name {
                "evt.arg" | "evt.rawarg" => Some("res"),
                "container.mount.dest" | "container.mount.source" | "container.label" | "k8s.pod.label" => Some("x"),
                _ => None,
            };
            let mut answers = Kind::ALL.iter().map(|kind| answer(*kind, name, argument));
            assert!(answers.any(|answer| matches!(answer, Answer::Field(_))), "{name}");
        }
    }
}
