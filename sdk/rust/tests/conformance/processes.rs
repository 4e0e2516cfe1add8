//! Opens and processes: what rules ask of them.

use lanner_sdk::abi::{Frame, Kind, OwnedRecord, PROCESS, field, process_flag};
use lanner_sdk::prelude::*;

use crate::{Vectors, frame_of, row};

#[test]
fn open() {
    let mut vectors = Vectors::new("open.tsv", "flags, is_read, is_write, truncates, may_create, appends");
    const O_PATH: u32 = 0o10_000_000;
    let access = [0, 1, 2, 3];
    let others = [0, 0o100, 0o1000, 0o2000, 0o3100, O_PATH, O_PATH | 0o3100, 0o2_000_000, 0o4000, !0o10_000_003, !3];
    for flags in others.iter().flat_map(|others| access.map(|access| others | access)) {
        let record = OwnedRecord::new(Kind::Open.record()).with(field::open::FLAGS, flags);
        let frame = frame_of(Kind::Open, &record, None);
        let frame = Frame::parse(&frame).expect("a frame");
        let event = frame.events().next().expect("one event");
        let open = event.as_open().expect("an open");
        row!(vectors; flags, open.is_read(), open.is_write(), open.truncates(), open.may_create(), open.appends());
    }
    vectors.check();
}

/// Has a look at a process as it comes out of a frame.
fn with_process(process: &OwnedRecord, look: impl FnOnce(Process<'_>)) {
    let frame = frame_of(Kind::Open, &OwnedRecord::new(Kind::Open.record()), Some(process));
    let frame = Frame::parse(&frame).expect("a frame");
    look(frame.process(0).expect("the process"));
}

fn process() -> OwnedRecord {
    OwnedRecord::new(&PROCESS)
}

#[test]
fn args() {
    let mut vectors = Vectors::new("args.tsv", "argv, command_line, args...");
    let huge = b"a\0".repeat(2_000);
    let argvs: [Option<&[u8]>; 14] = [
        None,
        Some(b""),
        Some(b"\0"),
        Some(b"\0\0"),
        Some(b"cat\0"),
        Some(b"cat"),
        Some(b"cat\0/etc/shadow\0"),
        Some(b"cat\0/etc/sha"),
        Some(b"sh\0-c\0echo  a\nb\0"),
        Some(b"sh\0\0x\0"),
        Some(b"sh\0\0"),
        Some(b"\xff\x1b\0\xe2\x80\xae\0"),
        Some("grüße\0鷹\0".as_bytes()),
        Some(&huge),
    ];
    for argv in argvs {
        let record = argv.map_or_else(process, |argv| process().with(field::process::ARGV, argv));
        with_process(&record, |process| {
            let mut fields = vec![argv.into(), process.command_line().to_string().into()];
            fields.extend(process.args().map(|arg| arg.known().into()));
            vectors.row(&fields);
        });
    }
    vectors.check();
}

#[test]
fn env() {
    let mut vectors = Vectors::new("env.tsv", "environment, name, env, envs...");
    let cases: [(Option<&[u8]>, &[&str]); 6] = [
        (None, &["A", ""]),
        (Some(b""), &["A", ""]),
        (
            Some(b"LD_PRELOAD=/tmp/x.so\0A=\0A=1\0AB=2\0"),
            &["LD_PRELOAD", "LD_PRELOA", "PRELOAD", "A", "AB", "B", "", "A="],
        ),
        (Some(b"A=b=c\0=x\0D\0"), &["A", "A=b", "", "D"]),
        (Some(b"A=cut o"), &["A"]),
        (Some(b"A=\xff\n\0"), &["A", "a"]),
    ];
    for (environment, names) in cases {
        let record = environment.map_or_else(process, |entries| process().with(field::process::ENVIRONMENT, entries));
        for name in names {
            with_process(&record, |process| {
                let mut fields = vec![environment.into(), (*name).into(), process.env(name).known().into()];
                fields.extend(process.envs(name).map(|value| value.known().into()));
                vectors.row(&fields);
            });
        }
    }
    vectors.check();
}

#[test]
fn shown() {
    let mut vectors = Vectors::new("process.tsv", "exe, comm, user, pid, uid, name, shown");
    type Texts = [Option<&'static [u8]>; 3];
    let cases: [Texts; 10] = [
        [Some(b"/usr/bin/cat"), Some(b"cat"), Some(b"root")],
        [Some(b"/usr/bin/cat"), Some(b"other"), None],
        [Some(b"cat"), Some(b"other"), Some(b"")],
        [Some(b""), Some(b"kworker/0:1"), Some(b"root")],
        [Some(b"/usr/bin/"), Some(b"odd"), None],
        [None, Some(b"kthreadd"), Some(b"root")],
        [None, None, None],
        [None, Some(b""), None],
        [Some(b"/tmp/\x1b[2J\xff"), Some(b"x"), Some(b"a\nb")],
        [Some("/tmp/鷹".as_bytes()), None, Some("grüße".as_bytes())],
    ];
    for [exe, comm, user] in cases {
        let mut record = process().with(field::process::PID, 123_u32).with(field::process::UID, 1000_u32);
        for (at, text) in [(field::process::EXE, exe), (field::process::COMM, comm), (field::process::USER, user)] {
            if let Some(text) = text {
                record = record.with(at, text);
            }
        }
        with_process(&record, |process| {
            row!(vectors; exe, comm, user, process.pid(), process.uid(), process.name().known(), process.to_string());
        });
    }
    vectors.check();
}

#[test]
fn genuine() {
    let mut vectors = Vectors::new("genuine.tsv", "flags, exe_uid, user_ns, exe_is_genuine");
    const HOST: u32 = 0xefff_fffd;
    let mut flags: Vec<u32> = (0..16).map(|bit| 1 << bit).collect();
    flags.extend([0, process_flag::EXE_DELETED | process_flag::EXE_SETUID, u32::MAX]);
    let owners = [
        (None, None),
        (Some(0), Some(HOST)),
        (Some(1000), Some(HOST)),
        (Some(0), Some(4_026_531_838)),
        (None, Some(1)),
        (Some(1), None),
    ];
    for flags in flags {
        for (exe_uid, user_ns) in owners {
            let mut record = process().with(field::process::FLAGS, flags);
            for (at, number) in [(field::process::EXE_UID, exe_uid), (field::process::USER_NS, user_ns)] {
                if let Some(number) = number {
                    record = record.with(at, number);
                }
            }
            with_process(&record, |process| row!(vectors; flags, exe_uid, user_ns, process.exe_is_genuine()));
        }
    }
    vectors.check();
}
