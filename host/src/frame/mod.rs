//! From events to the bytes that packs read. The layout is `lanner_abi`'s.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use lanner_abi::{
    ConnectRecord, EventHeader, ExecRecord, ExitRecord, ForkRecord, FrameWriter, LossRecord, NO_PROCESS, OpenRecord,
    PayloadRecord, ProcessRecord, event_flag, stdio_flag,
};
use lanner_probes::event::{Endpoint, Peer, Stdio};

use crate::enrich::{Event, Payload, Process};

/// Encodes batches; keeps its buffers between them.
#[derive(Default)]
pub struct Encoder {
    writer: FrameWriter,
    /// The row of each image, by where it lies: an image never changes, so the same place is the same image, as long
    /// as the batch holds it.
    rows: HashMap<*const Process, u32>,
}

// SAFETY is not at stake: the pointers are keys, never followed.

impl Encoder {
    /// Encodes events, with their processes and all ancestors of these, each once. Gives the frame and the number of
    /// events; `None` where there are none.
    pub fn encode<'a>(&mut self, events: impl Iterator<Item = &'a Event>) -> Option<(Arc<[u8]>, u64)> {
        self.writer.clear();
        self.rows.clear();
        let mut count = 0;
        for event in events {
            self.event(event);
            count += 1;
        }
        (count > 0).then(|| (Arc::from(self.writer.finish()), count))
    }
}
