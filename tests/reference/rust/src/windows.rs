//! How many files each process opened lately.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::decode::Error;
use minicbor::{Decoder, Encoder};

const LENGTH_NS: u64 = 10_000_000_000;
/// Processes that are remembered.
const MOST: usize = 1024;

#[derive(Default)]
pub(crate) struct Windows {
    by_process: BTreeMap<u64, Window>,
    /// Each as start and process.
    by_start: BTreeSet<(u64, u64)>,
}

#[derive(Clone, Copy)]
struct Window {
    start: u64,
    count: u64,
    reported: bool,
}

impl Windows {
    /// Counts an open; gives the count where that is more than `burst` for the first time in its window.
    pub(crate) fn opened(&mut self, process: u64, now: u64, burst: u64) -> Option<u64> {
        let there = self.by_process.get_mut(&process).filter(|window| now.saturating_sub(window.start) <= LENGTH_NS);
        let Some(window) = there else {
            self.begin(process, Window { start: now, count: 1, reported: false });
            // A burst is at least 1.
            return None;
        };
        window.count += 1;
        if window.reported || window.count <= burst {
            return None;
        }
        window.reported = true;
        Some(window.count)
    }

    fn begin(&mut self, process: u64, window: Window) {
        match self.by_process.insert(process, window) {
            Some(before) => {
                self.by_start.remove(&(before.start, process));
            }
            None if self.by_process.len() > MOST => {
                if let Some((_, oldest)) = self.by_start.pop_first() {
                    self.by_process.remove(&oldest);
                }
            }
            None => {}
        }
        self.by_start.insert((window.start, process));
    }

    pub(crate) fn save(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let written = self.write(&mut Encoder::new(&mut bytes));
        // Memory takes whatever is written to it.
        debug_assert!(written.is_ok());
        bytes
    }

    fn write(&self, to: &mut Encoder<&mut Vec<u8>>) -> Result<(), minicbor::encode::Error<std::convert::Infallible>> {
        to.map(1)?.str("windows")?.array(self.by_start.len() as u64)?;
        for (start, process) in &self.by_start {
            let Some(window) = self.by_process.get(process) else { continue };
            to.array(4)?.u64(*process)?.u64(*start)?.u64(window.count)?.bool(window.reported)?;
        }
        Ok(())
    }

    pub(crate) fn restore(bytes: &[u8]) -> Result<Self, Error> {
        let mut from = Decoder::new(bytes);
        let mut windows = Self::default();
        let length = |length: Option<u64>| length.ok_or_else(|| Error::message("a length is missing"));
        for _ in 0..length(from.map()?)? {
            if from.str()? != "windows" {
                from.skip()?;
                continue;
            }
            for _ in 0..length(from.array()?)? {
                if from.array()? != Some(4) {
                    return Err(Error::message("a window is not four values"));
                }
                let process = from.u64()?;
                windows.begin(process, Window { start: from.u64()?, count: from.u64()?, reported: from.bool()? });
            }
        }
        Ok(windows)
    }
}
