//! A recorded file as a source.

use std::path::Path;
use std::time::Duration;

use lanner_contract::Wanted;

use super::capture::CaptureReader;
use super::record::Machine;
use super::{Drained, Source, SourceError, Take};

/// Records passed on by one drain.
const PORTION: usize = 1024;

/// Plays a capture back, as fast as it is judged.
pub struct Replay {
    reader: CaptureReader,
    closed: bool,
}

impl Replay {
    /// Opens a capture.
    ///
    /// # Errors
    /// It is not one, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        Ok(Self { reader: CaptureReader::open(path)?, closed: false })
    }
}

impl Source for Replay {
    fn machine(&self) -> &Machine {
        self.reader.machine()
    }

    fn want(&mut self, _wanted: &[Wanted]) -> Result<(), SourceError> {
        Ok(()) // What was not recorded cannot be had, and what was is given in full.
    }

    fn drain(&mut self, take: &mut Take<'_>) -> Result<Drained, SourceError> {
        for _ in 0..PORTION {
            match self.reader.next().filter(|_| !self.closed) {
                Some(record) => {
                    if take(record?).is_break() {
                        break;
                    }
                }
                None => return Ok(Drained::End),
            }
        }
        Ok(Drained::Some)
    }

    fn wait(&mut self, _last: Drained, _timeout: Duration) -> Result<(), SourceError> {
        Ok(())
    }

    fn quiet_since(&self) -> Option<u64> {
        None
    }

    fn look(&mut self) -> Result<(), SourceError> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), SourceError> {
        self.closed = true;
        Ok(())
    }

    fn finish(&mut self, _take: &mut Take<'_>) -> Result<(), SourceError> {
        Ok(())
    }

    fn lost(&self) -> u64 {
        0
    }
}
