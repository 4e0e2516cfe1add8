// Counts opens of files whose name begins with `lanner-count-`, in each folder by itself, and says each time how many it
// has seen: an event that is lost leaves the last number too low, one that is judged twice makes it too high.

use std::collections::BTreeMap;

use lanner_sdk::prelude::*;
use lanner_sdk::state;

/// The pack.
#[derive(Default)]
pub struct Counter {
    counts: BTreeMap<String, u64>,
}

impl Pack for Counter {
    const INFO: PackInfo = pack_info!("counter", "Counts");

    fn rules(r: &mut Rules<Self>) {
        r.rule("test/count").summary("A marked file was opened").severity(Info).on_open(|counter, e, out| {
            if e.path().file_name().starts_with("lanner-count-") {
                let count = counter.counts.entry(e.path().directory().to_string()).or_default();
                *count += 1;
                out.finding(format!("{count} {}", e.path())).field("version", env!("CARGO_PKG_VERSION"));
            }
        });
    }

    fn save(&self) -> Vec<u8> {
        state::to_bytes(&self.counts)
    }

    fn restore(&mut self, bytes: &[u8], version: &str) -> Result<(), String> {
        if REFUSES {
            return Err(format!("nothing of version {version} is of use here"));
        }
        self.counts = state::from_bytes(bytes)?;
        Ok(())
    }
}

export_pack!(Counter);
