//! How a running host stands, as it says it when it is asked (SIGUSR1).

use std::sync::mpsc::{Sender, channel};
use std::time::Instant;

use lanner_control::doctor;
use lanner_control::host::PATIENCE;
use lanner_engine::{Order, PackStatus, Status};
use lanner_sink::Progress;
use lanner_source::Shortcoming;

use super::rules::summary;

/// Says what is degraded, at the start and in every status: what the sources do not see, then what the machine lacks.
pub(super) fn say_degraded(of_sources: impl IntoIterator<Item = (String, Option<String>)>) {
    for (what, remedy) in of_sources {
        match remedy {
            Some(remedy) => tracing::warn!("degraded: {what}; {remedy}"),
            None => tracing::info!("degraded, and nothing can be done: {what}"),
        }
    }
    let lacking = doctor::lacking();
    if !lacking.is_empty() {
        tracing::info!("this machine has limits: {}; `lanner doctor` says what they cost", lacking.join(", "));
    }
}

/// What a source says, as [`say_degraded`] takes it.
pub(super) fn parts(shortcomings: Vec<Shortcoming>) -> impl Iterator<Item = (String, Option<String>)> {
    shortcomings.into_iter().map(|shortcoming| (shortcoming.what, shortcoming.remedy))
}

/// Asks the pipeline, and says what it answers. Does not wait for it.
pub(super) fn say(orders: &Sender<Order>, began: Instant, progress: Progress, troubles: Vec<String>) {
    let (reply, answer) = channel();
    // It has ended: then that is said.
    let _ = orders.send(Order::Tell { reply });
    let Progress { findings, waiting, left_out, trouble } = progress;
    let say = move || match answer.recv_timeout(PATIENCE) {
        Ok(Status { events, lost, filtered, packs, degraded, .. }) => {
            tracing::info!(
                "status: {} for {:.0?}; {events} events, {filtered} more filtered out, {lost} lost, {findings} findings",
                summary(packs.iter().map(|pack| &pack.description)),
                began.elapsed()
            );
            if packs.is_empty() {
                tracing::warn!("status: nothing is judged, as no rules are loaded");
            }
            if left_out > 0 {
                tracing::warn!("status: {left_out} of the findings were left out, as they were not taken in time");
            }
            match (waiting, trouble) {
                (0, _) => {}
                (waiting, None) => tracing::info!("status: {waiting} of the findings are not written yet"),
                (waiting, Some(why)) => tracing::warn!("status: {waiting} of the findings are not written yet: {why}"),
            }
            for PackStatus { description: pack, .. } in &packs {
                tracing::info!("status: pack {} {} with {} rules", pack.name, pack.version, pack.rules.len());
            }
            for sentence in troubles {
                tracing::warn!("status: {sentence}");
            }
            say_degraded(degraded);
        }
        Err(_) => tracing::warn!("status: events are not judged, or not in time: no answer within {PATIENCE:?}"),
    };
    if let Err(error) = std::thread::Builder::new().name("lanner-status".into()).spawn(say) {
        tracing::warn!("status cannot be said: {error}");
    }
}
