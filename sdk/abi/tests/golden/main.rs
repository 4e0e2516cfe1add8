//! The golden frame, which is made from the schema alone: the reader reads it, and the writer writes the same bytes.

mod dump;
mod shown;

use lanner_abi::{FieldInfo, Frame, FrameWriter, Kind, OwnedRecord, RecordRef};

use shown::shown;

const BYTES: &[u8] = include_bytes!("../../../../tests/golden/frame-v2.bin");
const TEXT: &str = include_str!("../../../../tests/golden/frame-v2.txt");

#[test]
fn every_field_reads_as_it_should() {
    let frame = Frame::parse(BYTES).expect("a frame");
    let read = dump::dump(&frame).concat();
    for (read, golden) in read.lines().zip(TEXT.lines()) {
        assert_eq!(read, golden);
    }
    assert_eq!(read.lines().count(), TEXT.lines().count());
}

/// A record by itself, with its lists.
fn owned(read: RecordRef<'_>) -> OwnedRecord {
    let mut record = OwnedRecord::new(read.info());
    for at in read.info().fields {
        match read.list(at) {
            Some(list) => record.set_list(at, &list.map(owned).collect::<Vec<_>>()).expect("a list"),
            None => record.set(at, read.value(at)).expect("what it holds"),
        }
    }
    record
}

#[test]
fn what_was_read_is_written_as_it_was() {
    let frame = Frame::parse(BYTES).expect("a frame");
    let mut writer = FrameWriter::new();
    // Rows stay where they are.
    let mut same = |_: &'static FieldInfo, row: u32| Some(row);
    for process in frame.processes() {
        writer.record(process.as_record(), &mut same);
    }
    writer.record(owned(frame.container(0).expect("there is one").as_record()).get(), &mut same);
    for event in frame.events() {
        let payload: RecordRef<'_> = event.payload_record().expect("a known kind");
        let row = writer.record(payload, &mut same);
        writer.event(&event.header(), event.kind().expect("a known kind"), row);
    }
    let written = writer.finish();
    let read = dump::dump(&Frame::parse(written).expect("a frame")).concat();
    assert!(read.lines().eq(TEXT.lines()), "{read}");
    // Texts may stand in another order.
    assert_eq!(written.len(), BYTES.len());
}

#[test]
fn every_kind_is_in_it() {
    let frame = Frame::parse(BYTES).expect("a frame");
    for kind in Kind::ALL {
        assert_eq!(frame.events().filter(|event| event.kind() == Some(kind)).count(), 2, "{kind:?}");
    }
}

/// Frames as released versions of this layout wrote them: frozen, and still read as they were.
#[test]
fn frames_of_released_versions_read_as_they_did() {
    let released = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/released");
    let mut frames = 0;
    for folder in std::fs::read_dir(released).expect("the released versions") {
        let folder = folder.expect("a folder").path();
        let Ok(bytes) = std::fs::read(folder.join("frame.bin")) else { continue };
        let frame = Frame::parse(&bytes).expect("a frame");
        let read = dump::dump(&frame).concat();
        let read: std::collections::HashSet<&str> = read.lines().collect();
        let then = std::fs::read_to_string(folder.join("frame.txt")).expect("what it says");
        for line in then.lines() {
            assert!(read.contains(line), "{}: {line:?} is read otherwise now", folder.display());
        }
        frames += 1;
    }
    assert!(frames > 0);
}
