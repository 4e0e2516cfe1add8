//! How findings about a process in a container are worded.

use common::contained::place;
use common::outcome::Outcome;
use common::programs::label;
use lanner_sdk::prelude::*;

/// What was done, or tried, by whom and where; `None` where nothing came of it.
pub(crate) fn told(process: &Process<'_>, outcome: Outcome, did: &'static str, tried: &'static str) -> Option<String> {
    let verb = outcome.verb(did, tried)?;
    Some(format!("{} in {} {verb}", label(process), place(process)))
}

/// Raises a finding of this severity: what the kernel has refused is milder, but still the attempt of one who is out for
/// more than his container.
pub(crate) fn attempt(out: &mut Out<'_>, outcome: Outcome, severity: Severity, message: String) {
    let severity = if outcome == Outcome::Done { severity } else { severity.min(Medium) };
    out.finding(message).severity(severity);
}
