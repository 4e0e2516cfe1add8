//! Texts that stand for what lies below them, too: folders, and domains. A value is looked for by each part of it that may
//! stand there; how many parts those have is known, so that mostly one or two are looked for.

use crate::texts::Texts;

/// Paths, or images; those that end with `/` stand for what lies below.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    texts: Texts,
    /// How many `/` those have that end with one.
    depths: Depths,
}

/// Domains in lower case, each with all below it.
#[derive(Debug, Default)]
pub(crate) struct Domains {
    texts: Texts,
    /// How many labels they have.
    depths: Depths,
}

/// Numbers up to 62, and whether there are larger ones.
#[derive(Clone, Copy, Debug, Default)]
struct Depths(u64);

impl Depths {
    fn bit(depth: u32) -> u64 {
        1 << depth.min(u64::BITS - 1)
    }

    fn add(&mut self, depth: u32) {
        self.0 |= Self::bit(depth);
    }

    #[inline]
    fn has(self, depth: u32) -> bool {
        self.0 & Self::bit(depth) != 0
    }
}

/// Characters of a domain at most.
const MAX_DOMAIN: usize = 253;

impl Paths {
    pub(crate) fn add(&mut self, text: &[u8]) -> bool {
        if text.last() == Some(&b'/') {
            self.depths.add(text.iter().filter(|byte| **byte == b'/').count() as u32);
        }
        self.texts.add(text)
    }

    /// What has the path.
    pub(crate) fn find<'v>(&self, path: &'v [u8]) -> Option<&'v [u8]> {
        if self.depths.0 != 0 {
            let slashes = (0..).zip(path).filter(|(_, byte)| **byte == b'/').map(|(at, _): (usize, _)| at + 1);
            for (depth, end) in (1..).zip(slashes) {
                let folder = path.get(..end).unwrap_or_default();
                if self.depths.has(depth) && end < path.len() && self.texts.has(folder) {
                    return Some(folder);
                }
            }
        }
        // One that ends with `/` stands for what lies below, and not for itself.
        (path.last() != Some(&b'/') && self.texts.has(path)).then_some(path)
    }

    pub(crate) fn texts(&self) -> &Texts {
        &self.texts
    }

    pub(crate) fn end(&mut self) {
        self.texts.end();
    }
}

impl Domains {
    /// One in lower case, without a dot at its end.
    pub(crate) fn add(&mut self, domain: &[u8]) -> bool {
        self.depths.add(1 + domain.iter().filter(|byte| **byte == b'.').count() as u32);
        self.texts.add(domain)
    }

    /// What has the name, as the part of it that stands there.
    pub(crate) fn find<'v>(&self, name: &'v [u8]) -> Option<&'v [u8]> {
        let name = name.strip_suffix(b".").unwrap_or(name);
        // No longer end of it can stand there; before that a dot has to stand.
        let far = name.get(name.len().saturating_sub(MAX_DOMAIN + 1)..).unwrap_or_default();
        let mut lower = [0; MAX_DOMAIN + 1];
        let lower = lower.get_mut(..far.len())?;
        lower.copy_from_slice(far);
        lower.make_ascii_lowercase();
        let (mut depth, mut end) = (1, lower.len());
        loop {
            let dot = lower.get(..end)?.iter().rposition(|byte| *byte == b'.');
            let from = dot.map_or(0, |dot| dot + 1);
            let part = lower.get(from..)?;
            // Of one that was cut, the first part is not whole.
            let whole = dot.is_some() || far.len() == name.len();
            if whole && self.depths.has(depth) && self.texts.has(part) {
                return far.get(from..);
            }
            (end, depth) = (dot?, depth + 1);
        }
    }

    pub(crate) fn texts(&self) -> &Texts {
        &self.texts
    }

    pub(crate) fn end(&mut self) {
        self.texts.end();
    }
}
