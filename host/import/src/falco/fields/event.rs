//! Fields of events: `evt.…`, and their arguments.

use lanner_abi::{Kind, field};
use lanner_conditions::{Constant, Field, Get, Owner, Table, place};

use super::descriptor::descriptor;
use super::process::{process, thread, user};
use super::{Answer, Type, as_text, constant, mapped, named, number, own, payload, result, text, yes_or_no};
use crate::falco::events;

pub(super) fn event(kind: Kind, rest: &str, argument: Option<&str>) -> Answer {
    let time = || place(field::event::TIME);
    let of_event = |get| Field::get(Owner::Event, get);
    let has_result = kind.info().has_result;
    match rest {
        "num" => number(Field::raw(Owner::Event, field::event::SEQ)),
        "time" => text(of_event(Get::Time(time(), false))),
        "time.iso8601" => text(of_event(Get::Time(time(), true))),
        "datetime" | "datetime.s" => Answer::Field(
            mapped(Type::Text, of_event(Get::Time(time(), true)))
                .differing("a time is written as evt.time.iso8601 is", false),
        ),
        "time.s" => Answer::Field(
            mapped(Type::Text, of_event(Get::Time(time(), false))).differing("a time is written as evt.time is", false),
        ),
        "rawtime" => number(Field::raw(Owner::Event, field::event::TIME)),
        "rawtime.s" => number(of_event(Get::TimePart(time(), false))),
        "rawtime.ns" => number(of_event(Get::TimePart(time(), true))),
        "dir" => text(constant("<")),
        "type" => match events::of(kind) {
            Some(called) => Answer::Field(mapped(Type::Event, constant(called.shown))),
            None => Answer::Absent,
        },
        "category" => text(constant(category(kind))),
        "source" => text(constant("syscall")),
        "count" => number(of_event(Get::Constant(Constant::Number(1)))),
        "res" if has_result => text(of_event(Get::Names(place(field::event::RESULT), Table::Outcome))),
        "res" => text(constant("SUCCESS")),
        "rawres" if has_result => number(result()),
        "rawres" => number(of_event(Get::Constant(Constant::Number(0)))),
        "failed" => yes_or_no(of_event(Get::Bit(place(field::event::FLAGS), 2))),
        "is_async" | "is_io" | "is_wait" | "is_syslog" => yes_or_no(of_event(Get::Constant(Constant::Bool(false)))),
        "is_open_read" | "is_open_write" | "is_open_exec" | "is_open_create" if kind != Kind::Open => Answer::Absent,
        "is_open_create" => yes_or_no(Field::raw(Owner::Payload, field::open::CREATED)),
        // What becomes of these is decided where they are compared.
        "is_open_read" | "is_open_write" | "is_open_exec" => yes_or_no(Field::get(Owner::Payload, Get::OpenAccess)),
        "arg" => match argument {
            Some(argument) => self::argument(kind, argument),
            None => Answer::Unseen("say which argument, as in evt.arg.flags"),
        },
        "rawarg" => match argument {
            Some(argument) => raw_argument(kind, argument),
            None => Answer::Unseen("say which argument, as in evt.rawarg.flags"),
        },
        "args" | "info" => Answer::Unseen("arguments are told one by one, as in evt.arg.flags, and not in one line"),
        "buffer" | "buflen" | "buflen.in" | "buflen.out" => {
            Answer::Unseen("what is read, written, sent or received is not recorded")
        }
        "latency" | "latency.s" | "latency.ns" | "latency.human" | "deltatime" | "deltatime.s" | "deltatime.ns"
        | "reltime" | "reltime.s" | "reltime.ns" | "outputtime.s" | "asynctype" => {
            Answer::Unseen("how long calls take, and how far events are apart, is not told")
        }
        "cpu" => Answer::Unseen("the processor is not told"),
        "hostname" | "pluginname" | "plugininfo" => Answer::Absent,
        "abspath" | "abspath.src" | "abspath.dst" => match kind {
            Kind::Rename | Kind::Link => payload(kind, if rest == "abspath.src" { "old_path" } else { "new_path" }),
            _ => payload(kind, "path"),
        },
        "around" | "shell" | "io_dir" | "wait_latency" | "system" | "uevt" => {
            Answer::Unseen("it has no meaning for rules here")
        }
        other => match other.split_once('.') {
            Some(("arg", argument)) => self::argument(kind, argument),
            Some(("rawarg", argument)) => raw_argument(kind, argument),
            _ => Answer::Unknown,
        },
    }
}

fn category(kind: Kind) -> &'static str {
    match kind.number() {
        1..=31 => "process",
        32..=63 => "file",
        64..=79 => "memory",
        80..=95 => "net",
        _ => "other",
    }
}

/// An argument of a call, as it is written.
pub(super) fn argument(kind: Kind, name: &str) -> Answer {
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Answer::Unseen("arguments have names here and no numbers: evt.arg.flags rather than evt.arg[1]");
    }
    let of = |get| text(Field::get(Owner::Process, get));
    let argv = place(field::process::ARGV);
    match (kind, name) {
        (_, "res") if kind.info().has_result => event(kind, "res", None),
        (_, "res") => text(constant("0")),
        (Kind::Open, "flags") => text(Field::get(Owner::Payload, Get::OpenFlags)),
        (Kind::Open, "name") => descriptor(kind, "nameraw", None),
        (Kind::Open, "fd") => as_text(number(result())),
        (Kind::Open | Kind::Mkdir | Kind::Mknod | Kind::Chmod, "mode") => named(kind, "mode", Table::Mode),
        (Kind::Exec, "exe") => of(Get::Item(argv, 0)),
        (Kind::Exec, "args") => of(Get::Joined(argv, 1)),
        (Kind::Exec, "env") => of(Get::Joined(place(field::process::ENVIRONMENT), 0)),
        (Kind::Exec, "comm") => text(Field::raw(Owner::Process, field::process::COMM)),
        (Kind::Exec, "cwd") => process("cwd", None),
        (Kind::Exec, "filename") => payload(kind, "filename"),
        (Kind::Exec, "trusted_exepath" | "exepath") => process("exepath", None),
        (Kind::Exec, "flags") => of(Get::Names(place(field::process::FLAGS), Table::Executable)),
        (Kind::Exec, "pid") => as_text(process("pid", None)),
        (Kind::Exec, "ptid") => as_text(process("ppid", None)),
        (Kind::Exec, "tid") => as_text(thread("tid")),
        (Kind::Exec, "uid") => as_text(user("uid")),
        (Kind::Exec, "loginuid") => as_text(user("loginuid")),
        (Kind::Exec, "tty") => as_text(process("tty", None)),
        (Kind::Exec, "pgid") => as_text(process("pgid", None)),
        (Kind::ExecFailed, "filename" | "pathname") => payload(kind, "path"),
        (Kind::Fork | Kind::Unshare, "flags") => named(kind, "flags", Table::CloneFlags),
        (Kind::Setns, "nstype") => named(kind, "flags", Table::CloneFlags),
        (Kind::Exit, "status") => as_text(payload(kind, "code")),
        (Kind::Exit, "sig") => named(kind, "signal", Table::Signal),
        (Kind::Credentials, "uid" | "euid" | "suid" | "ruid") => {
            let name = if name == "ruid" { "uid" } else { name };
            match own(kind, name) {
                Some(info) => {
                    Answer::Field(mapped(Type::Text, Field::get(Owner::Payload, Get::UserOf(place(info)))).differing(
                        "of a user that is neither root nor the process's own the number is known, and not the name",
                        true,
                    ))
                }
                None => Answer::Absent,
            }
        }
        (Kind::Credentials, "gid" | "egid" | "sgid") => as_text(payload(kind, name)),
        (Kind::Credentials, "rgid") => as_text(payload(kind, "gid")),
        (Kind::Ptrace, "request") => named(kind, "request", Table::PtraceRequest),
        (Kind::Ptrace | Kind::Signal, "pid" | "tid") => as_text(payload(kind, "target_pid")),
        (Kind::Ptrace, "addr") => as_text(payload(kind, "address")),
        (Kind::Signal, "sig") => named(kind, "signal", Table::Signal),
        (Kind::Prctl, "option") => named(kind, "option", Table::PrctlOption),
        (Kind::Prctl, "arg2_int") => as_text(payload(kind, "value")),
        (Kind::Prctl, "arg2_str") => payload(kind, "name"),
        (Kind::Bpf, "cmd") => named(kind, "command", Table::BpfCommand),
        (Kind::Bpf, "res_or_fd") => as_text(number(result())),
        (Kind::Socket, "domain") => named(kind, "family", Table::Family),
        (Kind::Socket, "type") => named(kind, "socket_type", Table::SocketType),
        (Kind::Socket, "proto") => as_text(payload(kind, "protocol")),
        (Kind::Rename, "oldpath" | "newpath") | (Kind::Link, "oldpath" | "newpath") => {
            payload(kind, if name == "oldpath" { "old_path" } else { "new_path" })
        }
        (Kind::Symlink, "target") => payload(kind, "target"),
        (Kind::Symlink, "linkpath") => payload(kind, "path"),
        (Kind::Mount, "dev") => payload(kind, "source"),
        (Kind::Mount, "dir") => payload(kind, "path"),
        (Kind::Mount, "type") => payload(kind, "fs_type"),
        (Kind::Mount, "flags") => named(kind, "flags", Table::MountFlags),
        (Kind::Mprotect | Kind::Mmap, "prot") => named(kind, "protection", Table::Protection),
        (Kind::ModuleLoad, "uargs") => payload(kind, "parameters"),
        (Kind::Chown, "uid") => as_text(payload(kind, "owner")),
        (Kind::Chown, "gid") => as_text(payload(kind, "group")),
        (Kind::Dup, "oldfd") => as_text(payload(kind, "fd")),
        (Kind::Dup, "newfd") => as_text(number(result())),
        (Kind::Connect | Kind::Accept | Kind::Bind | Kind::Send | Kind::Listen, "tuple" | "addr") => {
            descriptor(kind, "name", None)
        }
        (Kind::Rename | Kind::Link | Kind::Symlink, _) => Answer::Absent,
        // A path has other names in other calls of the same kind.
        (
            Kind::Unlink
            | Kind::Mkdir
            | Kind::Chmod
            | Kind::Chown
            | Kind::Umount
            | Kind::Mknod
            | Kind::Xattr
            | Kind::Chroot
            | Kind::Truncate
            | Kind::Utimes,
            "path" | "name" | "filename" | "pathname",
        ) if own(kind, "path").is_some() => payload(kind, "path"),
        (kind, name) => as_text(payload(kind, name)),
    }
}

/// The same, as a number where it is one.
fn raw_argument(kind: Kind, name: &str) -> Answer {
    match (kind, name) {
        (_, "res") if kind.info().has_result => number(result()),
        (Kind::Ptrace, "request") | (Kind::Prctl, "option") => payload(kind, name),
        (Kind::Bpf, "cmd") => payload(kind, "command"),
        (Kind::Socket, "domain") => payload(kind, "family"),
        (Kind::Socket, "type") => payload(kind, "socket_type"),
        (Kind::Socket, "proto") => payload(kind, "protocol"),
        (Kind::Setns, "nstype") => payload(kind, "flags"),
        (Kind::Signal, "sig") => payload(kind, "signal"),
        (Kind::Exec, "flags") => number(Field::raw(Owner::Process, field::process::FLAGS)),
        (Kind::Credentials, _) => payload(kind, name),
        (Kind::Open, "flags") => {
            Answer::Unseen("Falco has numbers of its own for flags; compare evt.arg.flags by name")
        }
        (kind, name) => match payload(kind, name) {
            Answer::Absent => argument(kind, name),
            other => other,
        },
    }
}
