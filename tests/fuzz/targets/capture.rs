//! A capture of any bytes, and one that is sound but for the content of its only block: what is read is records, or a
//! sentence that says how far it got. What was read can be written, and is then read as the same.

#![no_main]

use std::sync::OnceLock;

use lanner_source::capture::{CaptureReader, CaptureWriter, FORMAT_VERSION};
use lanner_source::record::{Machine, Record};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let records = match bytes.split_first() {
        // The checksums are right, so that what lies behind them is reached, in each format.
        Some((first, content)) if first % 2 == 0 => read(&sealed(u32::from(first / 2) % FORMAT_VERSION + 1, content)),
        Some((_, file)) => read(file),
        None => read(bytes),
    };
    if !records.is_empty() {
        assert_eq!(read(&written(&records)), records);
    }
});

fn read(file: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    match CaptureReader::new(file, "fuzzed") {
        Ok(reader) => {
            for record in reader {
                match record {
                    Ok(record) => records.push(record),
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    records
}

fn written(records: &[Record]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = CaptureWriter::new(&mut file, "written", &Machine::default()).expect("a head");
    records.iter().for_each(|record| writer.record(record).expect("what was read can be written"));
    let totals = writer.finish().expect("written");
    assert_eq!(totals.records, records.len() as u64);
    file
}

/// A file whose one block has this content, as docs/capture.md says.
fn sealed(format: u32, content: &[u8]) -> Vec<u8> {
    let (head, seed) = head(format);
    let payload = zstd::bulk::compress(content, 1).unwrap_or_default();
    // Records and events are counted: any number, as the content is any.
    let fields = [1, content.len() as u32, payload.len() as u32, 1, 0];
    let mut block = fields.iter().flat_map(|field| field.to_le_bytes()).collect::<Vec<_>>();
    block.extend_from_slice(&payload);
    let mut checksum = crc32fast::Hasher::new_with_initial(seed);
    checksum.update(b"LBLK");
    checksum.update(&block);
    [&head, &b"LBLK"[..], &checksum.finalize().to_le_bytes(), &block].concat()
}

/// A sound head, and its checksum.
fn head(format: u32) -> (Vec<u8>, u32) {
    static EMPTY: OnceLock<Vec<u8>> = OnceLock::new();
    let file = EMPTY.get_or_init(|| written(&[]));
    let length = u32::from_le_bytes(file[12..16].try_into().expect("four bytes")) as usize;
    let (before, content) = (&file[..8], &file[20..20 + length]);
    let mut checksum = crc32fast::Hasher::new();
    for part in [before, &format.to_le_bytes(), &file[12..16], content] {
        checksum.update(part);
    }
    let seed = checksum.finalize();
    ([before, &format.to_le_bytes(), &file[12..16], &seed.to_le_bytes(), content].concat(), seed)
}
