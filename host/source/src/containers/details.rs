//! Asks runtimes of containers, on a thread of its own: they write down what they know some time after a container has begun,
//! and may be slow to answer.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant};

use lanner_abi::OwnedRecord;

use super::identity::Identity;
use super::state;

/// How long after a container was first seen it is asked of, each time that nothing is known of it.
const TRIES: [Duration; 7] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
    Duration::from_secs(30),
];
/// Containers that wait to be asked of. Those beyond it stay without details.
const WAITING: usize = 4096;

/// What asks.
pub(crate) struct Details {
    asked: SyncSender<Identity>,
    found: Receiver<OwnedRecord>,
}

impl Details {
    /// Starts the thread; it ends once this is dropped.
    ///
    /// # Errors
    /// There can be no more threads.
    pub(crate) fn start() -> std::io::Result<Self> {
        let (asked, asks) = sync_channel(WAITING);
        let (finds, found) = channel();
        std::thread::Builder::new().name("lanner-containers".into()).spawn(move || answer(&asks, &finds))?;
        Ok(Self { asked, found })
    }

    /// Asks of a container.
    pub(crate) fn ask(&self, container: Identity) {
        // What the system's runtimes know of an id is not of whoever names his control group by it.
        if container.of_user {
            return;
        }
        if let Err(refused) = self.asked.try_send(container) {
            tracing::debug!("a container is not asked of: {refused}");
        }
    }

    /// What was found since the last time.
    pub(crate) fn found(&self) -> Option<OwnedRecord> {
        self.found.try_recv().ok()
    }
}

/// A container that is asked of again; in the order of when.
struct Open {
    at: Instant,
    try_number: usize,
    since: Instant,
    container: Identity,
}

impl Ord for Open {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Open {}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

fn answer(asks: &Receiver<Identity>, finds: &Sender<OwnedRecord>) {
    let mut open: BinaryHeap<Reverse<Open>> = BinaryHeap::new();
    loop {
        let wait = open.peek().map(|Reverse(next)| next.at.saturating_duration_since(Instant::now()));
        let asked = match wait {
            None => asks.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(wait) => asks.recv_timeout(wait),
        };
        match asked {
            Ok(container) if open.len() < WAITING => {
                let now = Instant::now();
                open.push(Reverse(Open { at: now, try_number: 0, since: now, container }));
            }
            Ok(_) => tracing::debug!("a container is not asked of: {WAITING} are already"),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        while open.peek().is_some_and(|Reverse(next)| next.at <= Instant::now()) {
            let Some(Reverse(Open { try_number, since, container, .. })) = open.pop() else { break };
            if let Some(record) = state::read(&container) {
                if finds.send(record).is_err() {
                    return;
                }
            } else if let Some(after) = TRIES.get(try_number + 1) {
                open.push(Reverse(Open { at: since + *after, try_number: try_number + 1, since, container }));
            }
        }
    }
}
