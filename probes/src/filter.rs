//! What the kernel side does not send: see `bpf/filter.bpf.h`.

use std::collections::BTreeSet;

use aya::maps::{Array, HashMap, Map, MapData};

use crate::ProbeError;
use crate::load::map_error;

/// Names that the kernel side has room for.
const MAX_NAMES: usize = 8192;
/// Files that it has room for.
const MAX_FILES: usize = 8192;
/// Bytes of a name that it looks at.
const NAME_HEAD: usize = 8;
/// With what a name's length is mixed in.
const LENGTH_FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// A `struct file_id`: the inode number and the device, which has half of its word.
type FileId = [u64; 2];

/// The maps that say it.
pub(crate) struct Filter {
    /// Keys, each with the epoch in which it was entered.
    unwanted: HashMap<MapData, u64, u32>,
    names: HashMap<MapData, u64, u8>,
    /// What is in `names`.
    named: Vec<u64>,
    files: HashMap<MapData, FileId, u8>,
    /// What is in `files`.
    named_files: BTreeSet<FileId>,
    /// Where the kernel side reads the epoch.
    map: Array<MapData, u32>,
    epoch: u32,
}

impl Filter {
    pub(crate) fn new(take: &mut dyn FnMut(&'static str) -> Result<Map, ProbeError>) -> Result<Self, ProbeError> {
        const NAMES: [&str; 4] = ["unwanted", "wanted_names", "filter_epoch", "named_files"];
        let [unwanted, names, map, files] = NAMES;
        let unwanted = HashMap::try_from(take(unwanted)?).map_err(|error| map_error(unwanted, &error))?;
        let names = HashMap::try_from(take(names)?).map_err(|error| map_error(names, &error))?;
        let map = Array::try_from(take(map)?).map_err(|error| map_error(map, &error))?;
        let files = HashMap::try_from(take(files)?).map_err(|error| map_error(files, &error))?;
        Ok(Self { unwanted, names, named: Vec::new(), files, named_files: BTreeSet::new(), map, epoch: 0 })
    }

    pub(crate) fn begin<'n>(&mut self, names: impl IntoIterator<Item = &'n [u8]>) -> Result<(), ProbeError> {
        let mut ids: Vec<u64> = names.into_iter().map(name_id).collect();
        ids.sort_unstable();
        ids.dedup();
        // Nothing is filtered while the names are changed.
        self.set(0)?;
        for old in self.named.drain(..) {
            // It is there.
            let _ = self.names.remove(&old);
        }
        // More than there is room for: then all events are sent.
        if ids.len() > MAX_NAMES {
            return Ok(());
        }
        for id in ids {
            self.names.insert(id, 1, 0).map_err(|error| map_error("wanted_names", &error))?;
            self.named.push(id);
        }
        // What an epoch found out counts in no other; after four billion of them, in none that anybody remembers.
        self.epoch = self.epoch.checked_add(1).unwrap_or(1);
        self.set(self.epoch)
    }

    /// Enters those that are new, and takes out those that are no more; of more than there is room for, some are left out.
    pub(crate) fn name_files(&mut self, files: impl IntoIterator<Item = (u32, u64)>) -> Result<(), ProbeError> {
        let id = |(dev, inode): (u32, u64)| [inode, u64::from(dev)];
        let files: BTreeSet<FileId> = files.into_iter().map(id).take(MAX_FILES).collect();
        for gone in self.named_files.difference(&files) {
            // It is there.
            let _ = self.files.remove(gone);
        }
        for new in files.difference(&self.named_files) {
            self.files.insert(new, 1, 0).map_err(|error| map_error("named_files", &error))?;
        }
        self.named_files = files;
        Ok(())
    }

    pub(crate) fn set(&mut self, epoch: u32) -> Result<(), ProbeError> {
        self.map.set(0, epoch, 0).map_err(|error| map_error("filter_epoch", &error))
    }

    pub(crate) fn add(&mut self, key: u64) -> Result<(), ProbeError> {
        self.unwanted.insert(key, self.epoch, 0).map_err(|error| map_error("unwanted", &error))
    }
}

/// As `is_wanted_name()` makes it.
fn name_id(name: &[u8]) -> u64 {
    let mut head = [0; NAME_HEAD];
    head.iter_mut().zip(name).for_each(|(to, from)| *to = *from);
    u64::from_le_bytes(head) ^ (name.len() as u64).wrapping_mul(LENGTH_FACTOR)
}
