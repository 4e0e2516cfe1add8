//! Which events go to which pack.

use std::sync::Arc;

use lanner_abi::FilterField;
use lanner_probes::event::Peer;

use super::PackId;
use super::description::{Description, Subscription};
use crate::enrich::{Event, Payload};
use crate::frame;

/// A frame for one pack.
pub(super) struct Routed {
    pub(super) pack: PackId,
    pub(super) frame: Arc<[u8]>,
    /// Events in it.
    pub(super) events: u64,
}

/// Packs that want the same events share one frame.
#[derive(Default)]
pub(super) struct Router {
    groups: Vec<Group>,
    encoder: frame::Encoder,
}

struct Group {
    subscriptions: Vec<Subscription>,
    packs: Vec<PackId>,
}

impl Router {
    pub(super) fn add(&mut self, pack: PackId, description: &Description) {
        match self.groups.iter_mut().find(|group| group.subscriptions == description.subscriptions) {
            Some(group) => group.packs.push(pack),
            None => {
                self.groups.push(Group { subscriptions: description.subscriptions.clone(), packs: vec![pack] });
            }
        }
    }

    pub(super) fn remove(&mut self, pack: PackId) {
        for group in &mut self.groups {
            group.packs.retain(|other| *other != pack);
        }
        self.groups.retain(|group| !group.packs.is_empty());
    }

    /// Encodes what each pack asked for. Packs for which there is nothing are left out.
    pub(super) fn route(&mut self, events: &[Event]) -> Vec<Routed> {
        let mut routed = Vec::new();
        for group in &self.groups {
            let chosen = events.iter().filter(|event| wanted(event, &group.subscriptions));
            for (frame, events) in self.encoder.encode(chosen) {
                routed.extend(group.packs.iter().map(|pack| Routed { pack: *pack, frame: frame.clone(), events }));
            }
        }
        routed
    }
}

fn wanted(event: &Event, subscriptions: &[Subscription]) -> bool {
    let kind = event.kind().number();
    subscriptions.iter().filter(|subscription| subscription.kind == kind).any(|subscription| {
        subscription.filters.iter().all(|filter| {
            let text = text(event, filter.field);
            filter.values.iter().any(|value| filter.test.holds(text, value))
        })
    })
}

/// A field's text; empty where the event has no such field.
fn text(event: &Event, field: FilterField) -> &[u8] {
    match (field, &event.payload) {
        (FilterField::ProcessExe, _) => &event.process.program.exe,
        (FilterField::ProcessComm, _) => &event.process.comm,
        (FilterField::OpenPath, Payload::Open(open)) => &open.path.bytes,
        (FilterField::ExecExe, Payload::Exec(exec)) => &exec.image.program.exe,
        (FilterField::ExecFilename, Payload::Exec(exec)) => &exec.filename,
        (FilterField::ConnectUnixPath, Payload::Connect(connect)) => match &connect.peer {
            Peer::Unix(path) => path,
            _ => &[],
        },
        _ => &[],
    }
}
