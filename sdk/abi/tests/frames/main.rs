//! Frames of all hosts, and bytes that are no frames at all.

mod anything;
mod records;

use lanner_abi::{
    CONTAINER, Event, EventHeader, FieldInfo, Frame, FrameError, FrameWriter, Kind, LABEL, NO_ID, OwnedRecord, PROCESS,
    Payload, RECORDS, Reads, RecordInfo, RecordRef, Type, Value, field,
};

const HEADER: usize = 16;
const ENTRY: usize = 16;

/// Walks all that a frame holds, as far as a reader can go.
fn walk(frame: &Frame<'_>) -> usize {
    let mut seen = 0;
    for process in frame.processes() {
        seen += format!("{process} {process:?} {}", process.command_line()).len();
        seen += process.ancestors().count() + process.args().count() + usize::from(process.is_root());
        if let Some(container) = process.container() {
            seen += container.id().len() + container.labels().map_or(0, Iterator::count);
        }
    }
    for event in frame.events() {
        let subject = event.subject().map(|subject| subject.to_string());
        seen += format!("{event:?} {} {subject:?}", event.process().is_some()).len();
        match event.payload() {
            Payload::Exec(e) => seen += format!("{:?} {}", e.stdin_peer(), e.image()).len(),
            Payload::Fork(e) => seen += e.child().ancestors().count(),
            Payload::Open(e) => {
                seen += usize::from(e.is_read()) + e.path().file_name().len() + e.path().directory().len();
            }
            Payload::Connect(e) => seen += usize::from(e.is_public()) + format!("{:?}", e.address()).len(),
            Payload::Loss(e) => seen += usize::from(e.lost_kind().is_some()),
            _ => {}
        }
        seen += event.payload_record().map_or(0, walk_record);
    }
    for info in RECORDS {
        // Rows of one byte each are many, and all alike.
        seen += (0..64).map_while(|row| frame.record(info, row)).map(walk_record).sum::<usize>();
    }
    seen
}

fn walk_record(record: RecordRef<'_>) -> usize {
    let one = |field: &FieldInfo| {
        let listed = record.list(field).into_iter().flatten().map(walk_record).sum::<usize>();
        usize::from(record.value(field).is_some()) + usize::from(record.has(field)) + record.text(field).len() + listed
    };
    record.info().fields.iter().map(one).sum()
}

/// Whether the same is known in both.
fn is_same(one: RecordRef<'_>, other: RecordRef<'_>) -> bool {
    let lists = |field: &FieldInfo| match (one.list(field), other.list(field)) {
        (Some(one), Some(other)) => one.len() == other.len() && one.zip(other).all(|(one, other)| is_same(one, other)),
        (one, other) => one.is_none() && other.is_none(),
    };
    one.info() == other.info()
        && one
            .info()
            .fields
            .iter()
            .all(|field| one.has(field) == other.has(field) && one.value(field) == other.value(field) && lists(field))
}

/// A value of the field's type, not zero, and not that of a field nearby.
fn some_value(info: &RecordInfo, field: &FieldInfo) -> Value<'static> {
    let number = 1 + field.offset() as u64;
    match field.ty {
        _ if field.reads == Reads::Bool => Value::Bool(true),
        Type::Text => Value::Text(format!("/{}/{}", info.name, field.name).leak().as_bytes()),
        Type::Bytes16 => Value::Bytes16([number as u8; 16]),
        Type::I32 | Type::I64 => Value::Signed(-(number as i64)),
        _ => Value::Unsigned(number),
    }
}

/// A record of which all is known; its rows are `row`.
fn full(info: &'static RecordInfo, row: u32) -> OwnedRecord {
    let mut record = OwnedRecord::new(info);
    for field in info.fields {
        match (field.ty, field.of) {
            (Type::List, Some(of)) => record.set_list(field, &[full(of, row), full(of, row)]).expect("a list"),
            _ if field.reads == Reads::Row => record.set(field, Value::from(row)).expect("a row"),
            _ => record.set(field, some_value(info, field)).expect("it fits"),
        }
    }
    record
}

/// Adds a record whose rows stay as they are.
fn add(writer: &mut FrameWriter, record: RecordRef<'_>) -> u32 {
    writer.record(record, &mut |_, row| Some(row))
}

fn sample() -> Vec<u8> {
    let mut writer = FrameWriter::new();
    let init = OwnedRecord::new(&PROCESS).with(field::process::PID, 1_u32).with(field::process::EXE, "/sbin/init");
    let init = add(&mut writer, init.get());
    let cat = OwnedRecord::new(&PROCESS)
        .with(field::process::PID, 7_u32)
        .with(field::process::PARENT, init)
        .with(field::process::EXE, "/usr/bin/cat")
        .with(field::process::ARGV, "cat\0/etc/shadow\0")
        .with(field::process::USER, "root")
        .with(field::process::CONTAINER, 0_u32);
    let cat = add(&mut writer, cat.get());
    add(&mut writer, full(&CONTAINER, 0).get());
    let open = OwnedRecord::new(Kind::Open.record())
        .with(field::open::PATH, "/etc/shadow")
        .with(field::open::INODE, 9_u64)
        .with(field::open::FLAGS, 0_u32);
    let open = add(&mut writer, open.get());
    let header = EventHeader { seq: 1, time: 2, process: Some(cat), result: Some(3), ..Default::default() };
    writer.event(&header, Kind::Open, open);
    let fork = add(&mut writer, OwnedRecord::new(Kind::Fork.record()).with(field::fork::CHILD, cat).get());
    writer.event(&EventHeader { seq: 2, ..header }, Kind::Fork, fork);
    writer.finish().to_vec()
}

/// A section of a frame: number, stride and records.
type Section = (u16, u16, Vec<u8>);

fn sections(frame: &[u8]) -> Vec<Section> {
    let word = |at: usize| u32::from_le_bytes(frame[at..at + 4].try_into().expect("four bytes")) as usize;
    let half = |at: usize| u16::from_le_bytes(frame[at..at + 2].try_into().expect("two bytes"));
    let entries = (0..word(12)).map(|entry| HEADER + entry * ENTRY);
    entries
        .map(|at| {
            let (stride, count, start) = (half(at + 2), word(at + 4), word(at + 8));
            (half(at), stride, frame[start..start + count * usize::from(stride)].to_vec())
        })
        .collect()
}

/// A frame of these sections, its header longer than that of this version.
fn assemble(sections: &[Section], header: usize) -> Vec<u8> {
    let mut table = Vec::new();
    let mut body = Vec::new();
    for (number, stride, records) in sections {
        let start = header + sections.len() * ENTRY + body.len();
        table.extend(number.to_le_bytes());
        table.extend(stride.to_le_bytes());
        table.extend((records.len() as u32 / u32::from(*stride)).to_le_bytes());
        table.extend((start as u32).to_le_bytes());
        table.extend([0xee; 4]);
        body.extend(records);
        body.resize(body.len().next_multiple_of(8), 0);
    }
    let mut frame = b"LNRF".to_vec();
    frame.extend(2_u16.to_le_bytes());
    frame.extend((header as u16).to_le_bytes());
    frame.extend(((header + table.len() + body.len()) as u32).to_le_bytes());
    frame.extend((sections.len() as u32).to_le_bytes());
    frame.resize(header, 0xee);
    frame.extend(table);
    frame.extend(body);
    frame
}

/// Records of another size: cut, or with something appended.
fn resized(records: &[u8], stride: u16, to: u16) -> Vec<u8> {
    let resize = |record: &[u8]| {
        let mut record = record.to_vec();
        record.resize(usize::from(to), 0xee);
        record
    };
    records.chunks_exact(usize::from(stride)).flat_map(resize).collect()
}

/// As a newer host writes a record, which has more fields and knows them all.
fn with_bits_of_later_fields(record: &mut [u8], fields: usize) {
    let bits = u64::from_le_bytes(record[..8].try_into().expect("eight bytes"));
    let later = u64::MAX.checked_shl(fields as u32).unwrap_or(0);
    record[..8].copy_from_slice(&(bits | later).to_le_bytes());
}

fn info_of(section: u16) -> Option<&'static RecordInfo> {
    RECORDS.into_iter().find(|info| info.section == section)
}

fn assert_is_the_sample(frame: &Frame<'_>) {
    let events: Vec<_> = frame.events().collect();
    let open = events[0].as_open().expect("an open");
    assert_eq!((open.seq(), open.time(), open.result(), open.tid()), (1, 2, 3, None));
    assert!(open.path() == "/etc/shadow" && open.inode() == Some(9) && open.dev().is_none());
    assert_eq!(open.process().command_line().to_string(), "cat /etc/shadow");
    assert_eq!(open.process().parent().expect("a parent").exe(), "/sbin/init");
    let labels = open.process().container().expect("a container").labels().expect("labels");
    assert!(labels.len() == 2 && labels.into_iter().all(|label| label.name() == "/label/name"));
    assert_eq!(events[1].as_fork().expect("a fork").child().pid(), 7);
}

#[test]
fn whom_an_event_is_about_is_a_process_where_that_is_known() {
    let target = |event: Event<'_>| match event.payload() {
        Payload::Ptrace(ptrace) => ptrace.target().map(|process| process.pid()),
        Payload::Signal(signal) => signal.target().map(|process| process.pid()),
        Payload::ProcessMemory(memory) => memory.target().map(|process| process.pid()),
        _ => panic!("another kind"),
    };
    for (kind, field) in [
        (Kind::Ptrace, field::ptrace::TARGET),
        (Kind::Signal, field::signal::TARGET),
        (Kind::ProcessMemory, field::process_memory::TARGET),
    ] {
        let mut writer = FrameWriter::new();
        let process = |pid: u32| OwnedRecord::new(&PROCESS).with(field::process::PID, pid);
        let doer = add(&mut writer, process(7).get());
        let meant = add(&mut writer, process(8).get());
        for row in [Some(meant), None, Some(99)] {
            let payload = OwnedRecord::new(kind.record());
            let payload = row.map_or(payload.clone(), |row| payload.with(field, row));
            let payload = add(&mut writer, payload.get());
            writer.event(&EventHeader { process: Some(doer), ..EventHeader::default() }, kind, payload);
        }
        let frame = Frame::parse(writer.finish()).expect("a frame");
        assert_eq!(frame.events().map(target).collect::<Vec<_>>(), [Some(8), None, None], "{}", kind.name());
    }
}

// === other versions ===

#[test]
fn a_newer_host_appends_fields_sections_and_kinds() {
    let mut newer: Vec<_> = sections(&sample())
        .into_iter()
        .map(|(number, stride, records)| match info_of(number) {
            None => (number, stride, records),
            Some(info) => {
                let to = stride + 24;
                let mut records = resized(&records, stride, to);
                records
                    .chunks_exact_mut(to.into())
                    .for_each(|record| with_bits_of_later_fields(record, info.fields.len()));
                (number, to, records)
            }
        })
        .collect();
    newer.insert(0, (77, 3, vec![0xee; 9]));
    // An event of a kind that is not known yet.
    let (_, stride, events) = newer.iter_mut().find(|(number, ..)| *number == 2).expect("there");
    let mut event = events[..usize::from(*stride)].to_vec();
    event[field::event::KIND.offset()..][..2].copy_from_slice(&999_u16.to_le_bytes());
    events.extend(event);
    let bytes = assemble(&newer, HEADER + 8);
    let frame = Frame::parse(&bytes).expect("a frame");
    assert_is_the_sample(&frame);
    let last = frame.events().last().expect("three events");
    assert!(last.kind().is_none() && matches!(last.payload(), Payload::Other(_)) && last.payload_record().is_none());
    assert_eq!((last.kind_number(), last.process().expect("a process").pid()), (999, 7));
    walk(&frame);
}

#[test]
fn what_an_older_host_did_not_write_is_unknown() {
    let older: Vec<_> = sections(&sample())
        .into_iter()
        .map(|(number, stride, records)| match number {
            // Up to `exe`, which is cut in the middle.
            1 => {
                let to = field::process::EXE.offset() as u16 + 4;
                (number, to, resized(&records, stride, to))
            }
            _ => (number, stride, records),
        })
        .collect();
    let bytes = assemble(&older, HEADER);
    let frame = Frame::parse(&bytes).expect("a frame");
    let process = frame.events().next().expect("an event").process().expect("a process");
    assert_eq!(process.pid(), 7);
    assert!(!process.exe().is_known() && !process.argv().is_known() && !process.user().is_known());
    assert_eq!(process.parent().expect("a parent").pid(), 1);
    walk(&frame);
}

/// A frame of one record, which is an event's where it is a payload.
fn frame_of(info: &'static RecordInfo, record: RecordRef<'_>) -> Vec<u8> {
    let mut writer = FrameWriter::new();
    let row = add(&mut writer, record);
    if let Some(kind) = Kind::from_name(info.name) {
        writer.event(&EventHeader::default(), kind, row);
    }
    writer.finish().to_vec()
}

/// What is read of a record when it is cut to any length, though its bits still say that all is there.
#[test]
fn a_field_beyond_the_stride_is_absent_whatever_its_bit_says() {
    for info in RECORDS {
        let whole = full(info, 0);
        let bytes = if info.name == "event" { sample() } else { frame_of(info, whole.get()) };
        let frame = Frame::parse(&bytes).expect("a frame");
        let there = frame.record(info, 0).expect("a record");
        for stride in 1..info.size as u16 {
            let cut: Vec<_> = sections(&bytes)
                .into_iter()
                .map(|(number, from, records)| match number == info.section {
                    true => (number, stride, resized(&records, from, stride)),
                    false => (number, from, records),
                })
                .collect();
            let bytes = assemble(&cut, HEADER);
            let frame = Frame::parse(&bytes).expect("a frame");
            walk(&frame);
            let record = frame.record(info, 0).expect("a record");
            let mut writer = FrameWriter::new();
            add(&mut writer, record);
            let again = writer.finish().to_vec();
            let again = Frame::parse(&again).expect("a frame");
            let again = again.record(info, 0).expect("a record");
            for field in info.fields {
                let within = stride >= 8 && field.offset() + field.size() <= usize::from(stride) && there.has(field);
                // Whether read, or read and written as a record of this version.
                for record in [record, again] {
                    assert_eq!(record.has(field), within, "{} {} of {stride}", info.name, field.name);
                    assert_eq!(record.value(field), there.value(field).filter(|_| within), "{} {stride}", field.name);
                    assert_eq!(record.list(field).is_some(), within && field.ty == Type::List);
                }
            }
        }
    }
}

#[test]
fn an_ancestry_in_a_circle_ends() {
    let mut writer = FrameWriter::new();
    for parent in [1_u32, 0] {
        add(&mut writer, OwnedRecord::new(&PROCESS).with(field::process::PARENT, parent).get());
    }
    let frame = Frame::parse(writer.finish()).expect("a frame");
    assert_eq!(frame.process(0).expect("there").ancestors().count(), 2);
}

#[test]
fn a_process_that_is_not_there_is_unknown() {
    let mut writer = FrameWriter::new();
    let exit = add(&mut writer, OwnedRecord::new(Kind::Exit.record()).get());
    writer.event(&EventHeader { process: Some(5), ..Default::default() }, Kind::Exit, exit);
    let frame = Frame::parse(writer.finish()).expect("a frame");
    let event = frame.events().next().expect("an event");
    assert!(event.process().is_none() && event.subject().is_none() && event.process_row() == Some(5));
    let process = event.as_exit().expect("an exit").process();
    assert!(!process.is_known() && !process.exe().is_known() && process.parent().is_none() && !process.is_root());
    assert_eq!(process.to_string(), "an unknown process");
}

#[test]
fn a_row_whose_record_is_not_there_is_none() {
    let mut writer = FrameWriter::new();
    add(&mut writer, full(&PROCESS, 9).get());
    let exec = add(&mut writer, OwnedRecord::new(Kind::Exec.record()).get());
    writer.event(&EventHeader::default(), Kind::Exec, exec);
    // The payload that it names is not there either.
    writer.event(&EventHeader::default(), Kind::Exec, 7);
    let frame = Frame::parse(writer.finish()).expect("a frame");
    let process = frame.process(0).expect("there");
    assert!(process.parent_row() == Some(9) && process.parent().is_none() && process.container().is_none());
    assert_eq!(process.ancestors().count(), 0);
    for event in frame.events() {
        let exec = event.as_exec().expect("an exec");
        assert!(!exec.image().is_known() && !exec.filename().is_known() && exec.stdin_peer().is_none());
        assert!(event.process().is_none() && !exec.process().is_known());
    }
}

#[test]
fn whose_user_is_not_known_is_not_root() {
    let frame = frame_of(&PROCESS, OwnedRecord::new(&PROCESS).get());
    let frame = Frame::parse(&frame).expect("a frame");
    let process = frame.process(0).expect("there");
    assert!(process.is_known() && !process.is_root());
    assert_eq!((process.uid(), process.euid(), process.gid()), (NO_ID, NO_ID, NO_ID));
    assert_eq!((process.suid(), process.login_uid(), process.caps_effective()), (None, None, None));
    let root = frame_of(&PROCESS, OwnedRecord::new(&PROCESS).with(field::process::EUID, 0_u32).get());
    assert!(Frame::parse(&root).expect("a frame").process(0).expect("there").is_root());
}

#[test]
fn what_is_zero_or_empty_is_known() {
    let open = OwnedRecord::new(Kind::Open.record()).with(field::open::PATH, "").with(field::open::INODE, 0_u64);
    let frame = frame_of(Kind::Open.record(), open.get());
    let frame = Frame::parse(&frame).expect("a frame");
    let event = frame.events().next().expect("an event");
    let open = event.as_open().expect("an open");
    assert!(open.path().is_known() && open.path() == "" && open.inode() == Some(0) && open.dev().is_none());
}

#[test]
fn a_row_that_the_caller_does_not_have_is_left_out() {
    let mut writer = FrameWriter::new();
    let process = full(&PROCESS, 3);
    let mut asked = Vec::new();
    let mut row_of = |field: &'static FieldInfo, row| {
        asked.push((field.name, row));
        (field.name == "container").then_some(0)
    };
    writer.record(process.get(), &mut row_of);
    assert_eq!(asked, [("parent", 3), ("container", 3)]);
    let frame = Frame::parse(writer.finish()).expect("a frame");
    let read = frame.process(0).expect("there");
    assert_eq!(
        (read.parent_row(), read.container_row(), read.exe().to_string()),
        (None, Some(0), "/process/exe".into())
    );
}

#[test]
fn lists_that_leave_their_section_are_unknown() {
    let good = frame_of(&CONTAINER, full(&CONTAINER, 0).get());
    let with_span = |first: u32, count: u32| {
        let mut sections = sections(&good);
        let (.., container) = sections.iter_mut().find(|(number, ..)| *number == CONTAINER.section).expect("there");
        let span = &mut container[field::container::LABELS.offset()..][..8];
        span.copy_from_slice(&(u64::from(first) | u64::from(count) << 32).to_le_bytes());
        assemble(&sections, HEADER)
    };
    let labels = |bytes: &[u8]| {
        let frame = Frame::parse(bytes).expect("a frame");
        let container = frame.container(0).expect("there");
        let by_table = container.as_record().list(field::container::LABELS).map(|list| list.len());
        assert_eq!(container.labels().map(|labels| labels.len()), by_table);
        // What is read so is written so.
        let again = frame_of(&CONTAINER, container.as_record());
        let again = Frame::parse(&again).expect("a frame");
        assert_eq!(again.container(0).expect("there").labels().map(|labels| labels.len()), by_table);
        by_table
    };
    assert_eq!(
        [(0, 2), (1, 1), (0, 1), (2, 0)].map(|(first, count)| labels(&with_span(first, count))),
        [2, 1, 1, 0].map(Some)
    );
    let listed = sections(&good).into_iter().find(|(number, ..)| *number == LABEL.section).expect("there");
    let rows = (listed.2.len() / usize::from(listed.1)) as u32;
    for (first, count) in
        [(0, rows + 1), (1, rows), (rows, 1), (rows + 1, 1), (u32::MAX, 1), (1, u32::MAX), (u32::MAX, u32::MAX)]
    {
        assert_eq!(labels(&with_span(first, count)), None, "{first} {count}");
    }
    // Without that section at all.
    let without: Vec<_> =
        sections(&with_span(0, 1)).into_iter().filter(|(number, ..)| *number != LABEL.section).collect();
    assert_eq!(labels(&assemble(&without, HEADER)), None);
}

#[test]
fn texts_that_leave_the_arena_are_unknown() {
    let path = field::open::PATH;
    for (start, length) in [(0, 1000), (1000, 0), (1000, 1), (u32::MAX, u32::MAX)] {
        let mut record = full(Kind::Open.record(), 0);
        let span = u64::from(start) | u64::from(length) << 32;
        record.fixed_mut()[path.offset()..][..8].copy_from_slice(&span.to_le_bytes());
        assert!(record.get().has(path) && record.get().value(path).is_none());
        let bytes = frame_of(Kind::Open.record(), record.get());
        let frame = Frame::parse(&bytes).expect("a frame");
        let read = frame.record(Kind::Open.record(), 0).expect("there");
        assert!(!read.has(path) && !read.text(path).is_known(), "{start} {length}");
    }
}

// === what is refused ===

#[test]
fn what_is_not_a_frame_is_refused_with_the_reason() {
    let good = sample();
    let with = |at: usize, bytes: &[u8]| {
        let mut frame = good.clone();
        frame[at..at + bytes.len()].copy_from_slice(bytes);
        Frame::parse(&frame).err()
    };
    assert_eq!(Frame::parse(b"LNRF").err(), Some(FrameError::NotAFrame));
    assert_eq!(with(0, b"X"), Some(FrameError::NotAFrame));
    assert_eq!(with(4, &[1, 0]), Some(FrameError::Version { found: 1 }));
    assert_eq!(with(4, &[3, 0]), Some(FrameError::Version { found: 3 }));
    assert_eq!(with(6, &[0, 0]), Some(FrameError::Header));
    assert_eq!(with(12, &[0xff; 4]), Some(FrameError::Header));
    assert_eq!(with(HEADER + 4, &[0xff; 4]), Some(FrameError::Section { number: 1 }));
    assert_eq!(with(HEADER + 8, &[0xff; 4]), Some(FrameError::Section { number: 1 }));
    assert_eq!(with(HEADER + 2, &[0; 2]), Some(FrameError::Section { number: 1 }));
    assert_eq!(with(HEADER, &[2]), Some(FrameError::Twice { number: 2 }));
    let cut = Frame::parse(&good[..good.len() - 1]).err();
    assert_eq!(cut, Some(FrameError::Cut { length: good.len() as u32, found: good.len() - 1 }));
}
