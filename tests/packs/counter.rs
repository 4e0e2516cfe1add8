// Counts opens of files whose name begins with `lanner-count-`, and says each time how many it has seen: an event that
// is lost leaves the last number too low, one that is judged twice makes it too high.

use lanner_sdk::prelude::*;
use lanner_sdk::state;

/// The pack.
#[derive(Default)]
pub struct Counter {
    count: u64,
}

impl Pack for Counter {
    const INFO: PackInfo = pack_info!("counter", "Counts");

    fn rules(r: &mut Rules<Self>) {
        r.rule("test/count").summary("A marked file was opened").severity(Info).on_open(|counter, e, out| {
            if e.path().file_name().starts_with("lanner-count-") {
                counter.count += 1;
                out.finding(format!("{} {}", counter.count, e.path())).field("version", env!("CARGO_PKG_VERSION"));
            }
        });
    }

    fn save(&self) -> Vec<u8> {
        state::to_bytes(&self.count)
    }

    fn restore(&mut self, bytes: &[u8], version: &str) -> Result<(), String> {
        if REFUSES {
            return Err(format!("nothing of version {version} is of use here"));
        }
        self.count = state::from_bytes(bytes)?;
        Ok(())
    }
}

export_pack!(Counter);
