//! What io_uring was asked for and has not been told to be completed: `bpf/io_uring.bpf.h` holds it until then.

use aya::maps::{HashMap, Map, MapData};
use lanner_abi::event_flag;

use crate::ProbeError;
use crate::clock::boot_ns;
use crate::decode::{Clock, decode};
use crate::event::RawEvent;
use crate::load::map_error;

const NAME: &str = "held_records";
/// HELD_BYTES.
const BYTES: usize = 1024;
/// What takes longer is told before it is known what comes of it: completions can be kept from being told.
const PATIENCE_NS: u64 = 1_000_000_000;
/// Where a record's flags, its length and its time stand.
const FLAGS: std::ops::Range<usize> = 2..4;
const LENGTH: std::ops::Range<usize> = 4..8;
const TIME: std::ops::Range<usize> = 8..16;

pub(crate) struct Held {
    map: HashMap<MapData, u64, [u8; BYTES]>,
}

impl Held {
    pub(crate) fn new(take: &mut dyn FnMut(&'static str) -> Result<Map, ProbeError>) -> Result<Self, ProbeError> {
        let map = HashMap::try_from(take(NAME)?).map_err(|error| map_error(NAME, &error))?;
        Ok(Self { map })
    }

    /// Takes out what has waited too long. Times are those of when it was submitted.
    pub(crate) fn overdue(&mut self, clock: &Clock) -> Vec<RawEvent> {
        let now = boot_ns();
        let is_overdue = |bytes: &[u8; BYTES]| number(bytes, TIME).saturating_add(PATIENCE_NS) < now;
        // One that is completed meanwhile is gone, or is told as such.
        let waiting = self.map.iter().filter_map(Result::ok);
        let overdue: Vec<(u64, [u8; BYTES])> = waiting.filter(|(_, bytes)| is_overdue(bytes)).collect();
        let taken = overdue.into_iter().filter(|(key, _)| self.map.remove(key).is_ok());
        taken.filter_map(|(_, mut bytes)| submitted(&mut bytes, clock)).collect()
    }
}

fn submitted(bytes: &mut [u8; BYTES], clock: &Clock) -> Option<RawEvent> {
    let flags = number(bytes, FLAGS) as u16 | event_flag::SUBMITTED;
    bytes[FLAGS].copy_from_slice(&flags.to_ne_bytes());
    let length = usize::try_from(number(bytes, LENGTH)).ok()?;
    decode(bytes.get(..length)?, clock).ok()
}

/// In the byte order of the machine, as the kernel side writes.
fn number(bytes: &[u8; BYTES], at: std::ops::Range<usize>) -> u64 {
    let mut number = [0; 8];
    number.iter_mut().zip(&bytes[at]).for_each(|(to, from)| *to = *from);
    // Little-endian, as all that this runs on.
    u64::from_le_bytes(number)
}
