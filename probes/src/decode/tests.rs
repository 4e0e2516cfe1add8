//! Records are written here as generated.h has them, from the tables alone, and read back.

use lanner_abi::Kernel;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const CLOCK: Clock = Clock { boot_time_ns: 1_700_000_000_000_000_000 };

fn kinds() -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(|kind| kind.info().from_kernel)
}

fn sample_task() -> Task {
    let (start_boot_ns, parent_start_boot_ns) = (5_000_000_000, 1_000);
    let (pid, tid, ppid, uid, euid, gid, egid) = (10, 11, 1, 1000, 0, 100, 50);
    let (comm, kernel_thread) = (b"cat".to_vec(), true);
    let standing = Standing {
        suid: 0,
        sgid: 60,
        sid: 8,
        pgid: 9,
        mnt_ns: 21,
        pid_ns: 22,
        net_ns: 23,
        user_ns: 24,
        cgroup_id: 1 << 40,
        caps_inheritable: 1,
        caps_permitted: 3,
        caps_effective: 2,
    };
    let standing = Some(standing);
    Task {
        pid,
        tid,
        start_boot_ns,
        ppid,
        parent_start_boot_ns,
        uid,
        euid,
        gid,
        egid,
        standing,
        comm,
        kernel_thread,
        image_key: 79,
    }
}

fn header(kind: Kind, flags: u16, result: i64) -> Vec<u8> {
    let task = sample_task();
    let mut bytes = [kind.number().to_ne_bytes(), (flags | KERNEL_THREAD).to_ne_bytes()].concat();
    bytes.extend([0; 4]);
    for number in [7_u64, result as u64] {
        bytes.extend(number.to_ne_bytes());
    }
    bytes.extend([task.pid, task.tid].map(u32::to_ne_bytes).concat());
    bytes.extend([task.start_boot_ns, task.parent_start_boot_ns].map(u64::to_ne_bytes).concat());
    let standing = task.standing.expect("there");
    let Standing { suid, sgid, sid, pgid, mnt_ns, pid_ns, net_ns, user_ns, .. } = standing;
    bytes.extend([task.ppid, task.uid, task.euid, suid, task.gid, task.egid, sgid].map(u32::to_ne_bytes).concat());
    bytes.extend([sid, pgid, mnt_ns, pid_ns, net_ns, user_ns, 0].map(u32::to_ne_bytes).concat());
    let Standing { cgroup_id, caps_inheritable, caps_permitted, caps_effective, .. } = standing;
    bytes.extend([cgroup_id, caps_inheritable, caps_permitted, caps_effective].map(u64::to_ne_bytes).concat());
    bytes.extend([77_u64, 78, task.image_key].map(u64::to_ne_bytes).concat());
    bytes.extend(b"cat\0\0\0\0\0\0\0\0\0\0\0\0\0");
    bytes
}

fn end(mut record: Vec<u8>) -> Vec<u8> {
    let length = (record.len() as u32).to_ne_bytes();
    record[4..8].copy_from_slice(&length);
    record
}

/// What a field is told in, and what it reads as.
fn told(field: &FieldInfo) -> Option<(&'static [u8], &'static [u8], &'static [u8])> {
    match field.kernel {
        Kernel::Path => Some((b"x\0tmp\0\x04", b"", b"/tmp/x")),
        Kernel::File => Some((b"home\0\0", b"./y\0", b"/home/y")),
        Kernel::String => Some((b"", b"name\0", b"name")),
        Kernel::Unix => Some((b"", b"\0abstract", b"@abstract")),
        Kernel::Dns => Some((b"", b"\0\x07\x01\0\0\x01\0\0\0\0\0\0\x03www\0\0\x01\0\x01", b"www")),
        Kernel::Arguments => Some((b"", b"a\0b", b"a\0b\0")),
        Kernel::Plain | Kernel::Host | Kernel::BootTime => None,
    }
}

/// A record in which all that the kernel side gives is there: numbers are one more than their field's.
fn fill(info: &'static RecordInfo, record: &mut Vec<u8>, texts: &mut Vec<u8>) {
    let mut filled = OwnedRecord::new(info);
    for (number, field) in (1_u32..).zip(info.fields).filter(|(_, field)| field.kernel != Kernel::Host) {
        if let Some((walk, name, _)) = told(field) {
            // Marks it; the slot says lengths instead of a place.
            filled.set(field, Some((&b""[..]).into())).expect("a text");
            let slot = [walk.len() as u32, name.len() as u32].map(u32::to_ne_bytes).concat();
            filled.fixed_mut()[field.offset()..field.offset() + 8].copy_from_slice(&slot);
            texts.extend(walk);
            texts.extend(name);
        } else if field.ty == Type::Bytes16 {
            filled.set(field, Some(lanner_abi::Value::Bytes16([number as u8; 16]))).expect("16 bytes");
        } else {
            filled.set(field, Some(number.into())).expect("a number");
        }
    }
    record.extend(filled.parts().0);
}

fn check(info: &'static RecordInfo, decoded: &OwnedRecord) {
    for (number, field) in (1_u64..).zip(info.fields) {
        let value = decoded.get();
        match told(field) {
            // A message tells of other fields, too.
            _ if field.kernel == Kernel::Host && info.fields.iter().any(|field| field.kernel == Kernel::Dns) => {}
            _ if field.kernel == Kernel::Host => assert!(!value.has(field), "{}", field.name),
            Some((.., text)) => assert_eq!(value.text(field), *text, "{}", field.name),
            None if field.ty == Type::Bytes16 => assert!(value.has(field)),
            None if field == field::process::FLAGS => {
                assert_eq!(
                    value.number(field),
                    Some(number | u64::from(process_flag::EXE_DELETED | process_flag::CWD_DELETED))
                );
            }
            None if field.reads == lanner_abi::Reads::Bool => assert_eq!(value.number(field), Some(1)),
            None => assert_eq!(value.number(field), Some(number), "{}", field.name),
        }
    }
}

#[test]
fn every_field_of_every_kind_arrives() {
    for kind in kinds() {
        let (mut record, mut texts) = (header(kind, event_flag::UNRESOLVED, -2), Vec::new());
        fill(kind.record(), &mut record, &mut texts);
        if kind.info().has_image {
            fill(&PROCESS, &mut record, &mut texts);
        }
        record.extend(texts);
        let event = decode(&end(record), &CLOCK).expect("a record");
        assert_eq!((event.time_ns, event.kind), (CLOCK.boot_time_ns + 7, kind));
        assert_eq!(event.task, Some(sample_task()));
        assert_eq!(event.result, kind.info().has_result.then_some(-2));
        assert_eq!((event.flags, event.keys), (event_flag::UNRESOLVED, Keys { own: 77, folder: 78 }));
        check(kind.record(), &event.payload);
        assert_eq!(event.image.is_some(), kind.info().has_image);
        if let Some(image) = &event.image {
            check(&PROCESS, image);
        }
    }
}

#[test]
fn what_the_kernel_does_not_tell_is_not_there() {
    for kind in kinds() {
        let mut record = header(kind, 0, 0);
        record.resize(record.len() + kind.record().size, 0);
        if kind.info().has_image {
            record.resize(record.len() + PROCESS.size, 0);
        }
        let event = decode(&end(record), &CLOCK).expect("a record");
        assert!(event.payload.is_empty(), "{kind:?}");
        let flags = event.image.map(|image| image.get().number(field::process::FLAGS));
        assert!(flags.is_none_or(|flags| flags == Some(0)));
    }
}

#[test]
fn a_cut_path_is_said_to_be_cut() {
    let mut record = header(Kind::Open, 0, 3);
    let mut open = OwnedRecord::new(Kind::Open.record()).with(field::open::PATH, "");
    let at = field::open::PATH.offset();
    open.fixed_mut()[at..at + 4].copy_from_slice(&5_u32.to_ne_bytes());
    record.extend(open.parts().0);
    record.extend(b"c\0b\0\x01");
    let event = decode(&end(record), &CLOCK).expect("a record");
    assert_eq!(event.payload.get().text(field::open::PATH), ".../b/c");
    assert_eq!(event.flags, event_flag::TRUNCATED);
}

#[test]
fn an_open_pipe_is_called_as_proc_calls_it() {
    let mut record = header(Kind::Open, 0, 3);
    let open = OwnedRecord::new(Kind::Open.record()).with(field::open::PATH, "").with(field::open::INODE, 7_u64);
    let mut open = open.with(field::open::FILE_MODE, 0o010_600_u32);
    let at = field::open::PATH.offset();
    open.fixed_mut()[at..at + 4].copy_from_slice(&2_u32.to_ne_bytes());
    record.extend(open.parts().0);
    record.extend(b"\0\x02");
    assert_eq!(decode(&end(record), &CLOCK).expect("a record").payload.get().text(field::open::PATH), "pipe:[7]");
}

#[test]
fn a_file_without_a_name_leaves_nothing_of_its_walk() {
    let mut record = header(Kind::Open, 0, 3);
    let unnamed = OwnedRecord::new(Kind::Open.record()).with(field::open::FILE_MODE, 0o020_600_u32);
    let mut open = unnamed.clone().with(field::open::PATH, "");
    let at = field::open::PATH.offset();
    open.fixed_mut()[at..at + 4].copy_from_slice(&2_u32.to_ne_bytes());
    record.extend(open.parts().0);
    record.extend(b"\0\x02");
    assert_eq!(decode(&end(record), &CLOCK).expect("a record").payload, unnamed);
}

#[test]
fn what_is_no_record_is_refused() {
    let record = end([header(Kind::Exit, 0, 0), vec![0; Kind::Exit.record().size]].concat());
    assert!(decode(&record, &CLOCK).is_ok());
    let said = record.len() as u32;
    let has = record.len() - 1;
    assert_eq!(decode(&record[..has], &CLOCK), Err(DecodeError::Length { said, has }));
    let mut unknown = record.clone();
    unknown[0] = 127;
    assert_eq!(decode(&unknown, &CLOCK), Err(DecodeError::Kind(127)));
    // Of a kind that the kernel side never tells of.
    unknown[0] = 112;
    assert_eq!(decode(&unknown, &CLOCK), Err(DecodeError::Kind(112)));
    assert!(matches!(decode(&[], &CLOCK), Err(DecodeError::Short { .. })));
}

proptest! {
    #[test]
    fn any_bytes_give_an_event_or_an_error(kind in 0_u16..130, flags: u16, rest in vec(any::<u8>(), 80..600)) {
        let mut record = [kind.to_ne_bytes(), flags.to_ne_bytes()].concat();
        record.extend([0; 4]);
        record.extend(rest);
        let _ = decode(&end(record), &CLOCK).map(|event| format!("{event:?}"));
    }
}
