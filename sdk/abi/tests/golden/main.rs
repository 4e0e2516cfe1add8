//! The golden frame, which is made from the schema alone: the reader reads it, and the writer writes the same bytes.

mod dump;

use std::fmt;

use lanner_abi::{Frame, FrameWriter};

const BYTES: &[u8] = include_bytes!("../../../../tests/golden/frame-v1.bin");
const TEXT: &str = include_str!("../../../../tests/golden/frame-v1.txt");

/// Bytes in quotes; what is not printable ASCII, a quote or a backslash as `\xNN`.
struct Shown<'a>(&'a [u8]);

/// Bytes in hexadecimal.
struct Hex([u8; 16]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"")?;
        for byte in self.0 {
            match byte {
                b'"' | b'\\' | 0..0x20 | 0x7f.. => write!(f, "\\x{byte:02x}")?,
                byte => write!(f, "{}", char::from(*byte))?,
            }
        }
        write!(f, "\"")
    }
}

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[test]
fn every_field_reads_as_it_should() {
    let frame = Frame::parse(BYTES).expect("a frame");
    let read = dump::dump(&frame).concat();
    for (read, golden) in read.lines().zip(TEXT.lines()) {
        assert_eq!(read, golden);
    }
    assert_eq!(read.lines().count(), TEXT.lines().count());
}

#[test]
fn what_was_read_is_written_as_the_same_bytes() {
    let frame = Frame::parse(BYTES).expect("a frame");
    let mut writer = FrameWriter::new();
    for process in frame.processes() {
        writer.process(&process.to_record());
    }
    for event in frame.events() {
        writer.event(&event.header(), &event.payload().to_record().expect("a known kind"));
    }
    assert!(writer.finish() == BYTES);
}
