//! Frames of all hosts, and bytes that are no frames at all.

use lanner_abi::{
    ConnectRecord, EventHeader, ExecRecord, ExitRecord, FilterField, ForkRecord, Frame, FrameError, FrameWriter,
    LossRecord, NO_PROCESS, OpenRecord, Payload, PayloadRecord, ProcessRecord,
};
use proptest::collection::vec;
use proptest::prelude::*;

const HEADER: usize = 16;
const ENTRY: usize = 16;

/// Walks all that a frame holds, as far as a reader can go.
fn walk(frame: &Frame<'_>) -> usize {
    let mut seen = 0;
    for process in frame.processes() {
        seen += format!("{process} {process:?} {}", process.command_line()).len();
        seen += process.ancestors().count() + process.args().count() + usize::from(process.is_root());
    }
    for event in frame.events() {
        seen += format!("{event:?} {} {}", event.process(), event.subject()).len();
        seen += FilterField::ALL.iter().map(|field| field.of(&event).len()).sum::<usize>();
        match event.payload() {
            Payload::Exec(e) => seen += format!("{:?} {}", e.stdin_peer(), e.image()).len(),
            Payload::Fork(e) => seen += e.child().ancestors().count(),
            Payload::Open(e) => {
                seen += usize::from(e.is_read()) + e.path().file_name().len() + e.path().directory().len();
            }
            Payload::Connect(e) => seen += usize::from(e.is_public()) + e.address().to_string().len(),
            Payload::Loss(e) => seen += usize::from(e.lost_kind().is_some()),
            _ => {}
        }
    }
    seen
}

fn sample() -> Vec<u8> {
    let mut writer = FrameWriter::new();
    let init = writer.process(&ProcessRecord { pid: 1, parent: NO_PROCESS, exe: b"/sbin/init", ..Default::default() });
    let cat =
        ProcessRecord { pid: 7, parent: init, exe: b"/usr/bin/cat", argv: b"cat\0/etc/shadow\0", ..Default::default() };
    let cat = writer.process(&cat);
    let open = OpenRecord { path: b"/etc/shadow", inode: 9, ..Default::default() };
    let header = EventHeader { seq: 1, time: 2, process: cat, result: 3, ..Default::default() };
    writer.event(&header, &PayloadRecord::Open(open));
    writer.event(&EventHeader { seq: 2, ..header }, &PayloadRecord::Fork(ForkRecord { child: cat }));
    writer.finish().to_vec()
}

/// The frame's sections: number, stride and records.
fn sections(frame: &[u8]) -> Vec<(u16, u16, Vec<u8>)> {
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
fn assemble(sections: &[(u16, u16, Vec<u8>)], header: usize) -> Vec<u8> {
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
    frame.extend(1_u16.to_le_bytes());
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

fn assert_is_the_sample(frame: &Frame<'_>) {
    let events: Vec<_> = frame.events().collect();
    let open = events[0].as_open().expect("an open");
    assert_eq!((open.seq(), open.time(), open.result()), (1, 2, 3));
    assert!(open.path() == "/etc/shadow" && open.inode() == 9);
    assert_eq!(open.process().command_line().to_string(), "cat /etc/shadow");
    assert_eq!(open.process().parent().expect("a parent").exe(), "/sbin/init");
    assert_eq!(events[1].as_fork().expect("a fork").child().pid(), 7);
}

#[test]
fn a_newer_host_appends_fields_sections_and_kinds() {
    let mut newer: Vec<_> = sections(&sample())
        .into_iter()
        .map(|(number, stride, records)| match number {
            0 => (number, stride, records),
            _ => (number, stride + 24, resized(&records, stride, stride + 24)),
        })
        .collect();
    newer.insert(0, (77, 3, vec![0xee; 9]));
    // An event of a kind that is not known yet.
    let events = newer.iter_mut().find(|(number, ..)| *number == 2).expect("there");
    let mut event = vec![0; usize::from(events.1)];
    event[16..18].copy_from_slice(&999_u16.to_le_bytes());
    events.2.extend(event);
    let bytes = assemble(&newer, HEADER + 8);
    let frame = Frame::parse(&bytes).expect("a frame");
    assert_is_the_sample(&frame);
    let last = frame.events().last().expect("three events");
    assert!(last.kind().is_none() && matches!(last.payload(), Payload::Other(_)));
    walk(&frame);
}

#[test]
fn what_an_older_host_did_not_write_is_empty() {
    let older: Vec<_> = sections(&sample())
        .into_iter()
        .map(|(number, stride, records)| match number {
            // Up to `exe`, which is cut in the middle.
            1 => (number, 152, resized(&records, stride, 152)),
            _ => (number, stride, records),
        })
        .collect();
    let bytes = assemble(&older, HEADER);
    let frame = Frame::parse(&bytes).expect("a frame");
    let process = frame.events().next().expect("an event").process();
    assert_eq!(process.pid(), 7);
    assert!(process.exe().is_empty() && process.argv().is_empty() && process.user().is_empty());
    assert_eq!(process.parent().expect("a parent").pid(), 1);
    walk(&frame);
}

#[test]
fn an_ancestry_in_a_circle_ends() {
    let mut writer = FrameWriter::new();
    writer.process(&ProcessRecord { parent: 1, ..Default::default() });
    writer.process(&ProcessRecord { parent: 0, ..Default::default() });
    let frame = Frame::parse(writer.finish()).expect("a frame");
    assert_eq!(frame.process(0).expect("there").ancestors().count(), 2);
}

#[test]
fn a_process_that_is_not_there_is_unknown() {
    let mut writer = FrameWriter::new();
    let header = EventHeader { process: 5, ..Default::default() };
    writer.event(&header, &PayloadRecord::Exit(ExitRecord::default()));
    let frame = Frame::parse(writer.finish()).expect("a frame");
    let process = frame.events().next().expect("an event").process();
    assert!(!process.is_known() && process.exe().is_empty() && process.parent().is_none() && !process.is_root());
}

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
    assert_eq!(with(4, &[2, 0]), Some(FrameError::Version { found: 2 }));
    assert_eq!(with(6, &[0, 0]), Some(FrameError::Header));
    assert_eq!(with(12, &[0xff; 4]), Some(FrameError::Header));
    assert_eq!(with(HEADER + 4, &[0xff; 4]), Some(FrameError::Section { number: 1 }));
    assert_eq!(with(HEADER + 8, &[0xff; 4]), Some(FrameError::Section { number: 1 }));
    assert_eq!(with(HEADER + 2, &[0; 2]), Some(FrameError::Section { number: 1 }));
    assert_eq!(with(HEADER, &[2]), Some(FrameError::Twice { number: 2 }));
    let cut = Frame::parse(&good[..good.len() - 1]).err();
    assert_eq!(cut, Some(FrameError::Cut { length: good.len() as u32, found: good.len() - 1 }));
}

#[derive(Clone, Debug)]
struct Numbers([u64; 6], [Vec<u8>; 3]);

fn numbers() -> impl Strategy<Value = Numbers> {
    (any::<[u64; 6]>(), [vec(any::<u8>(), 0..40), vec(any::<u8>(), 0..40), vec(any::<u8>(), 0..40)])
        .prop_map(|(numbers, texts)| Numbers(numbers, texts))
}

impl Numbers {
    fn process(&self) -> ProcessRecord<'_> {
        let Self([a, b, c, d, e, f], [exe, argv, user]) = self;
        ProcessRecord {
            id: *a,
            image: *b,
            parent: *c as u32,
            pid: *d as u32,
            caps_permitted: *e,
            user_ns: *f as u32,
            flags: (*f >> 32) as u32,
            exe,
            argv,
            user,
            ..Default::default()
        }
    }

    fn header(&self) -> EventHeader {
        let Self([a, b, c, d, e, f], _) = self;
        let (seq, time, flags, process) = (*a, *b, *c as u16, *d as u32);
        EventHeader { seq, time, flags, process, tid: *e as u32, result: *f as i64 }
    }

    fn payload(&self) -> PayloadRecord<'_> {
        let Self([a, b, c, d, e, _], [text, ..]) = self;
        let address = (u128::from(*a) << 64 | u128::from(*b)).to_le_bytes();
        let (half, word) = (*c as u16, *d as u32);
        match e % 6 {
            0 => PayloadRecord::Exec(ExecRecord {
                image: word,
                peer_port: half,
                peer_address: address,
                filename: text,
                ..Default::default()
            }),
            1 => PayloadRecord::Fork(ForkRecord { child: word }),
            2 => PayloadRecord::Exit(ExitRecord { code: word as i32, signal: *a as u32 }),
            3 => PayloadRecord::Open(OpenRecord {
                path: text,
                inode: *a,
                created: half % 2 == 0,
                file_upper: word % 2 == 0,
                ..Default::default()
            }),
            4 => PayloadRecord::Connect(ConnectRecord {
                family: half,
                address,
                fd: word as i32,
                unix_path: text,
                ..Default::default()
            }),
            _ => PayloadRecord::Loss(LossRecord { count: *a, lost_kind: half }),
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(processes in vec(numbers(), 0..6), events in vec(numbers(), 0..20)) {
        let mut writer = FrameWriter::new();
        // A second frame of the same writer holds nothing of the first.
        for round in 0..2 {
            writer.clear();
            for (row, process) in processes.iter().enumerate().skip(round) {
                prop_assert_eq!(writer.process(&process.process()) as usize, row - round);
            }
            for event in events.iter().skip(round) {
                writer.event(&event.header(), &event.payload());
            }
            let frame = Frame::parse(writer.finish()).expect("a frame");
            prop_assert_eq!(frame.processes().len(), processes.len().saturating_sub(round));
            prop_assert_eq!(frame.events().len(), events.len().saturating_sub(round));
            for (read, written) in frame.processes().zip(processes.iter().skip(round)) {
                prop_assert_eq!(read.to_record(), written.process());
            }
            for (read, written) in frame.events().zip(events.iter().skip(round)) {
                prop_assert_eq!(read.header(), written.header());
                prop_assert_eq!(read.payload().to_record(), Some(written.payload()));
            }
            walk(&frame);
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in vec(any::<u8>(), 0..400)) {
        let _ = Frame::parse(&bytes).map(|frame| walk(&frame));
    }

    #[test]
    fn spoiled_frames_are_read_without_a_panic(changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut bytes = sample();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            // The magic and the version would only be refused.
            if at >= 6 {
                bytes[at] = value;
            }
        }
        let _ = Frame::parse(&bytes).map(|frame| walk(&frame));
    }
}
