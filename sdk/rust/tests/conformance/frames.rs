//! Frames of newer and older hosts, frames that lie, lines of ancestors, and what the host says of filters.

use lanner_sdk::abi::{EventHeader, Frame, FrameWriter, Kind, OwnedRecord, PROCESS, field, with_passed};

use crate::{Field, Vectors, check, dump, hex, row};

const GOLDEN: &[u8] = include_bytes!("../../../../tests/golden/frame-v2.bin");

const HEADER: usize = 16;
const ENTRY: usize = 16;
const ARENA: u16 = 0;
const PROCESSES: u16 = 1;
const EVENTS: u16 = 2;
const CONTAINERS: u16 = 3;

/// A section of a frame, taken out of it.
#[derive(Clone)]
struct Section {
    number: u16,
    stride: usize,
    bytes: Vec<u8>,
}

impl Section {
    fn count(&self) -> usize {
        self.bytes.len() / self.stride
    }

    /// Each record as `change` makes it.
    fn map(&mut self, stride: usize, change: impl Fn(&mut Vec<u8>)) {
        let records = self.bytes.chunks_exact(self.stride).map(|record| {
            let mut record = record.to_vec();
            change(&mut record);
            record.resize(stride, 0xaa);
            record
        });
        (self.bytes, self.stride) = (records.collect::<Vec<_>>().concat(), stride);
    }
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn word(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize
}

fn sections(frame: &[u8]) -> Vec<Section> {
    let entries = frame[HEADER..].chunks_exact(ENTRY).take(word(frame, 12));
    let section = |entry: &[u8]| {
        let (stride, count, at) = (half(entry, 2).into(), word(entry, 4), word(entry, 8));
        Section { number: half(entry, 0), stride, bytes: frame[at..at + stride * count].to_vec() }
    };
    entries.map(section).collect()
}

/// A frame of these sections, whose header has so many bytes more.
fn frame(sections: &[Section], more: usize) -> Vec<u8> {
    let header = HEADER + more;
    let mut table = Vec::new();
    let mut body = Vec::new();
    let begin = header + ENTRY * sections.len();
    for section in sections {
        table.extend(section.number.to_le_bytes());
        table.extend((section.stride as u16).to_le_bytes());
        table.extend((section.count() as u32).to_le_bytes());
        table.extend(((begin + body.len()) as u32).to_le_bytes());
        table.extend([0; 4]);
        body.extend(&section.bytes);
        body.resize(body.len().next_multiple_of(8), 0);
    }
    let mut bytes = GOLDEN[..6].to_vec();
    bytes.extend((header as u16).to_le_bytes());
    bytes.extend(((begin + body.len()) as u32).to_le_bytes());
    bytes.extend((sections.len() as u32).to_le_bytes());
    bytes.resize(header, 0xaa);
    bytes.extend(table);
    bytes.extend(body);
    bytes
}

fn read(bytes: &[u8]) -> String {
    let mut lines = dump::dump(&Frame::parse(bytes).expect("a frame"));
    // A line of its own says that, and is of no section.
    lines.retain(|line| line != "a kind that is not known\n");
    lines.concat()
}

/// Longer header and records, bits of fields, sections and a kind that nobody knows yet.
#[test]
fn newer() {
    let mut sections = sections(GOLDEN);
    for section in sections.iter_mut().filter(|section| section.number != ARENA) {
        let stride = section.stride + 16;
        // The last bit of the first word is a field of its own in records of 64 fields and more only.
        section.map(stride, |record| record[7] |= 0x80);
        if section.number == EVENTS {
            let mut unknown = section.bytes[..stride].to_vec();
            unknown[24..26].copy_from_slice(&60_000_u16.to_le_bytes());
            section.bytes.extend(unknown);
        }
    }
    sections.insert(0, Section { number: 999, stride: 24, bytes: vec![0xaa; 48] });
    sections.push(Section { number: 65_534, stride: 1, bytes: vec![0xaa; 7] });
    let bytes = frame(&sections, 8);
    let text = read(&bytes);
    let golden = read(GOLDEN);
    assert!(golden.lines().all(|line| text.lines().any(|other| other == line)));
    check("newer.bin", &bytes);
    check("newer.txt", text.as_bytes());
}

/// Records that end before the last fields that are known today, whatever their bits say.
#[test]
fn older() {
    let mut sections = sections(GOLDEN);
    // The container stays as it is, so that its lists lead to all records of theirs.
    for section in sections.iter_mut().filter(|section| !matches!(section.number, ARENA | CONTAINERS)) {
        // Of an event all but the result: without their kinds they would lead to nothing.
        let shorter = if section.number == EVENTS { section.stride - 8 } else { section.stride / 2 };
        let stride = shorter.next_multiple_of(8).max(16);
        section.map(stride, |record| record.truncate(stride));
    }
    let bytes = frame(&sections, 0);
    check("older.bin", &bytes);
    check("older.txt", read(&bytes).as_bytes());
}

/// Texts that point outside of the arena, lists that leave their section.
#[test]
fn lying() {
    let mut sections = sections(GOLDEN);
    for section in &mut sections {
        match section.number {
            ARENA => section.bytes.truncate(section.bytes.len() / 2),
            PROCESSES => section.bytes.truncate(section.stride),
            // What lists are of.
            4..32 => section.bytes.clear(),
            _ => {}
        }
    }
    let bytes = frame(&sections, 0);
    check("lying.bin", &bytes);
    check("lying.txt", read(&bytes).as_bytes());
}

/// What a reader refuses, and what it does not.
#[test]
fn frame_wrong() {
    let mut vectors = Vectors::new("frame-wrong.tsv", "frame, refused, why");
    let section = |number, stride, bytes: &[u8]| Section { number, stride, bytes: bytes.to_vec() };
    let whole = frame(&[section(PROCESSES, 264, &[0; 264])], 0);
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = whole.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        changed
    };
    let twice = |number| frame(&[section(number, 8, &[0; 8]), section(number, 8, &[0; 8])], 0);
    let mut cases = vec![
        Vec::new(),
        GOLDEN[..15].to_vec(),
        frame(&[], 0),
        frame(&[], 8),
        whole.clone(),
        [whole.as_slice(), b"more"].concat(),
        whole[..whole.len() - 1].to_vec(),
        with(0, b"LNRG"),
        with(4, &1_u16.to_le_bytes()),
        with(4, &3_u16.to_le_bytes()),
        with(6, &15_u16.to_le_bytes()),
        with(6, &17_u16.to_le_bytes()),
        with(6, &u16::MAX.to_le_bytes()),
        with(8, &u32::MAX.to_le_bytes()),
        with(8, &31_u32.to_le_bytes()),
        with(8, &0_u32.to_le_bytes()),
        with(12, &0_u32.to_le_bytes()),
        with(12, &u32::MAX.to_le_bytes()),
        with(12, &0x1000_0000_u32.to_le_bytes()),
    ];
    // The section's stride, count and offset.
    for (at, bytes) in [
        (18, 0_u16.to_le_bytes().as_slice()),
        (18, &265_u16.to_le_bytes()),
        (18, &1_u16.to_le_bytes()),
        (20, &0_u32.to_le_bytes()),
        (20, &2_u32.to_le_bytes()),
        (20, &u32::MAX.to_le_bytes()),
        (24, &33_u32.to_le_bytes()),
        (24, &u32::MAX.to_le_bytes()),
        (24, &0_u32.to_le_bytes()),
        // A section that nobody knows must lie within the frame too.
        (16, &[0xe7, 3, 8, 1, 2, 0, 0, 0]),
        (16, &[0xe7, 3, 8, 1, 1, 0, 0, 0]),
        // Nothing of no size, anywhere.
        (18, &[0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]),
    ] {
        cases.push(with(at, bytes));
    }
    cases.extend([twice(ARENA), twice(PROCESSES), twice(EVENTS), twice(u16::MAX), twice(999)]);
    for bytes in cases {
        let refused = Frame::parse(&bytes).err();
        let why = refused.map(|why| why.to_string());
        row!(vectors; hex(&bytes), refused.is_some(), why.as_deref().map(str::as_bytes));
    }
    vectors.check();
}

/// A long line, one that leads back to itself, and one that ends at a row that is not there.
#[test]
fn ancestors() {
    const LONG: u32 = 200;
    let mut writer = FrameWriter::new();
    let mut add = |pid: u32, parent: Option<u32>| {
        let mut process = OwnedRecord::new(&PROCESS).with(field::process::PID, pid);
        if let Some(parent) = parent {
            process = process.with(field::process::PARENT, parent);
        }
        writer.record(process.get(), &mut |_, row| Some(row))
    };
    for row in 0..LONG {
        add(row + 1, row.checked_sub(1));
    }
    // Its own parent, a circle of two, of three with somebody before it, and the child of nobody that is there.
    let own = LONG;
    for (pid, parent) in [(0, 0), (1, 2), (2, 1), (3, 4), (4, 5), (5, 3), (6, 3), (7, 1_000_000)] {
        add(own + 1 + pid, Some(if parent < 100 { own + parent } else { parent }));
    }
    let bytes = writer.finish().to_vec();
    check("ancestors.bin", &bytes);
    let frame = Frame::parse(&bytes).expect("a frame");
    let mut vectors = Vectors::new("ancestors.tsv", "row, ancestors, first_pid, last_pid");
    for row in [0, 1, 2, LONG - 1].into_iter().chain(own..own + 8) {
        let process = frame.process(row).expect("there");
        let first = process.ancestors().next().map(|ancestor| ancestor.pid());
        let last = process.ancestors().last().map(|ancestor| ancestor.pid());
        row!(vectors; row, process.ancestors().count(), first, last);
    }
    vectors.check();
}

#[test]
fn passed() {
    let mut writer = FrameWriter::new();
    let open = OwnedRecord::new(Kind::Open.record());
    let open = writer.record(open.get(), &mut |_, row| Some(row));
    for seq in 1..=3 {
        writer.event(&EventHeader { seq, ..EventHeader::default() }, Kind::Open, open);
    }
    let words = [1, 1 << 63, 0x8000_0000_0000_0001, 1 << 1 | 1, 0, u64::MAX];
    let bytes = with_passed(writer.finish(), &words, 2);
    check("passed.bin", &bytes);
    let frame = Frame::parse(&bytes).expect("a frame");
    let mut vectors = Vectors::new("passed.tsv", "event, subscription, passed");
    let mut events = frame.events();
    for number in 0_u32..3 {
        for subscription in [0, 1, 62, 63, 64, 65, 126, 127, 128, 191, 100_000] {
            let passed = match events.passed(subscription) {
                Some(yes) => yes.into(),
                None => Field::from(None::<&[u8]>),
            };
            vectors.row(&[number.into(), subscription.into(), passed]);
        }
        let _ = events.next();
    }
    vectors.check();
}
