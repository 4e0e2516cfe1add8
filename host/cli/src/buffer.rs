//! How much room there is for events that wait.

use lanner_probes::DEFAULT_RING_BYTES;

/// The option that `run` and `record` share.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Buffer {
    /// Room for events that the kernel has reported and nobody has taken in yet, MiB, made a power of two; a MiB
    /// holds some 4,000 events, and what finds no room is lost
    #[arg(long = "buffer", value_name = "MIB", default_value_t = DEFAULT_RING_BYTES >> 20, value_parser = clap::value_parser!(u32).range(1..=1024))]
    mib: u32,
}

impl Buffer {
    /// In bytes.
    pub(super) fn bytes(self) -> u32 {
        self.mib << 20
    }
}
