//! The vectors of `tests/conformance`, which the SDKs of all languages are tested with: they are what this SDK says.
//!
//! `LANNER_WRITE_VECTORS=1 cargo test -p lanner-sdk --test conformance` writes them.

mod addresses;
#[path = "../../../abi/tests/golden/dump.rs"]
mod dump;
mod filters;
mod frames;
mod globs;
mod processes;
#[path = "../../../abi/tests/golden/shown.rs"]
mod shown;
mod texts;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use lanner_sdk::abi::{EventHeader, FrameWriter, Kind, OwnedRecord};

use shown::shown;

/// A file of vectors: rows of fields, and lines that say what they are.
pub(crate) struct Vectors {
    name: &'static str,
    text: String,
}

impl Vectors {
    pub(crate) fn new(name: &'static str, columns: &str) -> Self {
        Self { name, text: format!("# {}\n", columns.replace(", ", "\t")) }
    }

    pub(crate) fn row(&mut self, fields: &[Field]) {
        let fields: Vec<&str> = fields.iter().map(|field| field.0.as_str()).collect();
        self.text += &fields.join("\t");
        self.text.push('\n');
    }

    /// Writes the file where that was asked for, and else checks that it is the same.
    pub(crate) fn check(&self) {
        check(self.name, self.text.as_bytes());
    }
}

/// A field, as it stands in a row.
pub(crate) struct Field(String);

impl From<&[u8]> for Field {
    fn from(bytes: &[u8]) -> Self {
        let alone = bytes == b"-";
        let byte = |byte: &u8| match byte {
            b'\\' | 0..0x20 | 0x7f.. => format!("\\x{byte:02x}"),
            b'-' if alone => "\\x2d".to_owned(),
            byte => char::from(*byte).to_string(),
        };
        Self(bytes.iter().map(byte).collect())
    }
}

impl From<&str> for Field {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl From<String> for Field {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<Option<&[u8]>> for Field {
    fn from(known: Option<&[u8]>) -> Self {
        known.map_or_else(|| Self("-".to_owned()), Self::from)
    }
}

impl From<bool> for Field {
    fn from(yes: bool) -> Self {
        Self(if yes { "yes" } else { "no" }.to_owned())
    }
}

macro_rules! numbers {
    ($($ty:ty),*) => {$(
        impl From<$ty> for Field {
            fn from(number: $ty) -> Self {
                Self(number.to_string())
            }
        }

        impl From<Option<$ty>> for Field {
            fn from(known: Option<$ty>) -> Self {
                Self(known.map_or_else(|| "-".to_owned(), |number| number.to_string()))
            }
        }
    )*};
}

numbers!(u16, u32, u64, usize);

/// A row: `row!(vectors; "a", true)`.
macro_rules! row {
    ($vectors:expr; $($field:expr),* $(,)?) => {
        $vectors.row(&[$(crate::Field::from($field)),*])
    };
}
pub(crate) use row;

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance")
}

pub(crate) fn check(name: &str, content: &[u8]) {
    let path = folder().join(name);
    if env::var_os("LANNER_WRITE_VECTORS").is_some() {
        fs::write(&path, content).expect("written");
        return;
    }
    let there = fs::read(&path).unwrap_or_default();
    assert!(
        there == content,
        "tests/conformance/{name} is not what this SDK says; LANNER_WRITE_VECTORS=1 cargo test -p lanner-sdk --test conformance writes it"
    );
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A frame with one event, and the process that did it.
pub(crate) fn frame_of(kind: Kind, payload: &OwnedRecord, process: Option<&OwnedRecord>) -> Vec<u8> {
    let mut writer = FrameWriter::new();
    let process = process.map(|process| writer.record(process.get(), &mut |_, row| Some(row)));
    let row = writer.record(payload.get(), &mut |_, row| Some(row));
    writer.event(&EventHeader { seq: 1, process, ..EventHeader::default() }, kind, row);
    writer.finish().to_vec()
}
