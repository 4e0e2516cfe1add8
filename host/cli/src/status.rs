//! How a running host stands, as it says it when it is asked (SIGUSR1).

use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use lanner_control::doctor;
use lanner_engine::{Order, Status};

use super::rules::summary;

/// How long the pipeline may take to answer. It does between two batches.
const PATIENCE: Duration = Duration::from_secs(10);

/// Says what is degraded, at the start and in every status: what the sources do not see, then what the machine lacks.
pub(super) fn say_degraded(of_sources: &[String]) {
    for sentence in of_sources {
        tracing::warn!("degraded: {sentence}");
    }
    let lacking = doctor::lacking();
    if !lacking.is_empty() {
        tracing::info!(
            "not all is seen on this machine, or not all is known of it: {}; `lanner doctor` says more",
            lacking.join(", ")
        );
    }
}

/// Asks the pipeline, and says what it answers. Does not wait for it.
pub(super) fn say(
    orders: &Sender<Order>,
    began: Instant,
    findings: u64,
    waiting: (usize, Option<String>),
    untrusted: Vec<String>,
) {
    let (reply, answer) = channel();
    // It has ended: then that is said.
    let _ = orders.send(Order::Tell { reply });
    let say = move || match answer.recv_timeout(PATIENCE) {
        Ok(Status { events, lost, packs, degraded }) => {
            let (waiting, why) = waiting;
            let trouble = why.map_or_else(String::new, |why| format!(" ({why})"));
            tracing::info!(
                "status: {} for {:.0?}; {events} events, {lost} lost, {findings} findings, {waiting} of them not written \
                 yet{trouble}",
                summary(packs.iter()),
                began.elapsed()
            );
            for pack in &packs {
                tracing::info!("status: pack {} {} with {} rules", pack.name, pack.version, pack.rules.len());
            }
            for sentence in untrusted {
                tracing::warn!("status: {sentence}");
            }
            say_degraded(&degraded);
        }
        Err(_) => tracing::warn!("status: events are not judged, or not in time: no answer within {PATIENCE:?}"),
    };
    if let Err(error) = std::thread::Builder::new().name("lanner-status".into()).spawn(say) {
        tracing::warn!("status cannot be said: {error}");
    }
}
