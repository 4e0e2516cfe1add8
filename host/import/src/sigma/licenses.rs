//! Whose rules they are, where a rule does not say it: what a file beside it says.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Licences that lie beside rules, or above them.
#[derive(Default)]
pub(super) struct Licenses(BTreeMap<PathBuf, Option<String>>);

impl Licenses {
    /// Folders above a rule's that are looked at.
    const ABOVE: usize = 8;
    /// Bytes of a licence that are looked at.
    const BYTES: usize = 16 << 10;

    /// The licence of a rule that names none itself: the Detection Rule License, where a file says that it is.
    pub(super) fn beside(&mut self, path: &Path) -> Option<String> {
        let folder = path.parent()?.to_owned();
        let found = self.0.entry(folder.clone()).or_insert_with(|| {
            let folder = folder.canonicalize().ok()?;
            folder.ancestors().take(Self::ABOVE).find_map(|folder| {
                let names = ["LICENSE", "LICENSE.md", "LICENSE.txt", "LICENSE.Detection.Rules.md"];
                names.into_iter().find_map(|name| Self::of(&folder.join(name)))
            })
        });
        found.clone()
    }

    fn of(path: &Path) -> Option<String> {
        let file = File::open(path).ok().filter(|file| file.metadata().is_ok_and(|facts| facts.is_file()))?;
        let mut text = Vec::new();
        file.take(Self::BYTES as u64).read_to_end(&mut text).ok()?;
        let text = String::from_utf8_lossy(&text);
        let is = text.contains("Detection Rule License");
        is.then(|| if text.contains("1.0") && !text.contains("1.1") { "DRL-1.0" } else { "DRL-1.1" }.to_owned())
    }
}
