//! Asks the pipeline to put packs in place.

use std::path::Path;
use std::sync::mpsc::{Sender, channel};

use lanner_engine::{Candidate, Handover, Order, PackError, Placed, Set};

/// The host is ending.
pub(crate) struct Ended;

/// Waits until all of a set is in place, or refused.
pub(crate) fn exchange(orders: &Sender<Order>, set: Set) -> Result<Result<Placed, PackError>, Ended> {
    let (reply, outcome) = channel();
    orders.send(Order::Exchange { set, reply }).map_err(|_| Ended)?;
    let outcome = outcome.recv().map_err(|_| Ended)?;
    Ok(outcome.map_err(|(path, refusal)| PackError { path, refusal }))
}

/// Likewise one pack.
pub(crate) fn install(
    orders: &Sender<Order>,
    path: &Path,
    candidate: Candidate,
) -> Result<Result<Handover, PackError>, Ended> {
    let set = Set { packs: vec![(path.to_owned(), candidate)], ..Set::default() };
    let outcome = exchange(orders, set)?;
    Ok(outcome.map(|mut placed| placed.handovers.pop().unwrap_or(Handover::First)))
}
