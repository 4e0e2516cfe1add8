//! From the source of a pack to its component, with the tools of its language. What builds Lanner uses it, and `lanner rule
//! build`.

#![forbid(unsafe_code)]

pub mod cargo;
pub mod component;
pub mod metadata;
pub mod rust;
mod strip;

pub use strip::{Keep, strip};

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Puts the content at the path in one step, so that a running host never reads half a pack. Leaves a file alone that
/// has this content already, so that the host does not reload for nothing. Says whether it wrote.
///
/// # Errors
/// It cannot be written.
pub fn replace(path: &Path, content: &[u8]) -> Result<bool> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(false);
    }
    // Not *.wasm: a host that watches the folder must not take it for a pack.
    let aside = path.with_extension(format!("tmp-{}", std::process::id()));
    let written = fs::write(&aside, content).and_then(|()| fs::rename(&aside, path));
    if written.is_err() {
        // It may not even be there.
        let _ = fs::remove_file(&aside);
    }
    written.with_context(|| path.display().to_string())?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;

    use super::replace;

    #[test]
    fn an_identical_file_is_left_alone() {
        let folder = std::env::temp_dir().join(format!("lanner-build-replace-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("pack.wasm");
        assert!(replace(&path, b"one").expect("written"));
        let inode = fs::metadata(&path).expect("it is there").ino();
        assert!(!replace(&path, b"one").expect("compared"));
        assert_eq!(fs::metadata(&path).expect("it is there").ino(), inode);
        assert!(replace(&path, b"two").expect("written"));
        assert_eq!(fs::read(&path).expect("it is there"), b"two");
        assert_eq!(fs::read_dir(&folder).expect("the folder").count(), 1, "nothing is left aside");
        fs::remove_dir_all(&folder).expect("removed");
    }
}
