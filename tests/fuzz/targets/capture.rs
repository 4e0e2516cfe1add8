//! A capture of any bytes, and one that is sound but for the content of its only block: what is read is records, or a
//! sentence that says how far it got.

#![no_main]

use std::sync::OnceLock;

use lanner_source::capture::{CaptureReader, CaptureWriter};
use lanner_source::record::Machine;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match bytes.split_first() {
        // The checksums are right, so that what lies behind them is reached.
        Some((first, content)) if first % 2 == 0 => read(&sealed(content)),
        Some((_, file)) => read(file),
        None => read(bytes),
    }
});

fn read(file: &[u8]) {
    match CaptureReader::new(file, "fuzzed") {
        Ok(reader) => {
            for record in reader {
                if let Err(error) = record {
                    assert!(!error.to_string().is_empty());
                    return;
                }
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A file whose one block has this content, as docs/capture.md says.
fn sealed(content: &[u8]) -> Vec<u8> {
    let (head, seed) = head();
    let payload = zstd::bulk::compress(content, 1).unwrap_or_default();
    // Records and events are counted: any number, as the content is any.
    let fields = [1, content.len() as u32, payload.len() as u32, 1, 0];
    let mut block = fields.iter().flat_map(|field| field.to_le_bytes()).collect::<Vec<_>>();
    block.extend_from_slice(&payload);
    let mut checksum = crc32fast::Hasher::new_with_initial(*seed);
    checksum.update(b"LBLK");
    checksum.update(&block);
    [head, &b"LBLK"[..], &checksum.finalize().to_le_bytes(), &block].concat()
}

/// A sound head, and its checksum.
fn head() -> (&'static [u8], &'static u32) {
    static HEAD: OnceLock<(Vec<u8>, u32)> = OnceLock::new();
    let (head, seed) = HEAD.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("empty");
        let writer = CaptureWriter::create(&path, &Machine::default(), false).expect("a capture");
        writer.finish().expect("written");
        let file = std::fs::read(path).expect("the capture");
        let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes"));
        (file[..20 + number(12) as usize].to_vec(), number(16))
    });
    (head, seed)
}
