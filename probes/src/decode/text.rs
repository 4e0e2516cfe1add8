//! Texts, from what the kernel side wrote of them.

use lanner_abi::{FieldInfo, Kernel, RecordRef};

use super::path::{self, ResolvedPath};

/// The text of a field, from a walk up the mounts and a string; nothing where the kernel had nothing.
pub(super) fn make(field: &FieldInfo, walk: &[u8], name: &[u8], record: RecordRef<'_>) -> Option<ResolvedPath> {
    let plain = |bytes: Vec<u8>| Some(ResolvedPath { bytes, ..ResolvedPath::default() });
    let known = |path: ResolvedPath| (!path.bytes.is_empty()).then_some(path);
    match field.kernel {
        Kernel::Path => known(path::seen_from(walk, name)),
        Kernel::File if name.is_empty() => {
            let beside = |name: &str| record.info().field(name).and_then(|field| record.number(field));
            known(path::of_file(walk, beside("inode").unwrap_or_default(), beside("file_mode").unwrap_or_default()))
        }
        Kernel::File => Some(path::named(walk, name)),
        Kernel::Unix if walk.is_empty() => known(ResolvedPath { bytes: unix_name(name), status: 0 }),
        Kernel::Unix => known(path::walked(walk)),
        Kernel::Arguments => {
            let mut arguments = name.to_vec();
            // Where it was cut.
            if arguments.last().is_some_and(|byte| *byte != 0) {
                arguments.push(0);
            }
            plain(arguments)
        }
        // Not even its end was to be read.
        Kernel::String if name.is_empty() => None,
        Kernel::String | Kernel::Plain | Kernel::BootTime => plain(until_nul(name).to_vec()),
        Kernel::Host | Kernel::Dns => None,
    }
}

/// A `sun_path`: of an abstract name every byte counts, a path ends at its NUL.
fn unix_name(path: &[u8]) -> Vec<u8> {
    match path {
        [0, name @ ..] if !name.is_empty() => [b"@", name].concat(),
        path => until_nul(path).to_vec(),
    }
}

/// A C string's bytes.
pub(super) fn until_nul(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_unix_sockets() {
        assert_eq!(unix_name(b"/run/x\0rest"), b"/run/x");
        assert_eq!(unix_name(b"\0name"), b"@name");
        assert_eq!(unix_name(b"\0"), b"");
        assert_eq!(unix_name(b""), b"");
    }
}
