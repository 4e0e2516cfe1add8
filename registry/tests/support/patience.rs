//! What keeps the tests independent of how fast a machine is.

use std::time::Duration;

/// After so long something hangs that takes a moment. Machines that run tests are busy: this is far beyond what the
/// slowest of them needs, and only ends what would never end.
pub(crate) const HANG: Duration = Duration::from_secs(600);

/// Times that a client may take, where a test does not set its own: longer than [`HANG`]. So no client is cut because
/// the machine stalled, and a server that ends does so for another reason.
const PATIENT: [(&str, &str); 4] =
    [("header_time", "2h"), ("idle_time", "2h"), ("body_time", "2h"), ("shutdown_time", "2h")];

/// A configuration of the server with these times. If it sets limits of its own, these must be its last table.
pub(crate) fn patient(config: &str) -> String {
    let limits = config.split_once("[limits]\n").map_or("", |(_, limits)| limits);
    assert!(!limits.contains("\n["), "other tables follow the limits: {config}");
    let is_set = |name: &str| limits.lines().any(|line| line.trim_start().starts_with(name));
    let times = PATIENT.iter().filter(|(name, _)| !is_set(name));
    let times: String = times.map(|(name, time)| format!("{name} = '{time}'\n")).collect();
    let table = if config.contains("[limits]\n") { "" } else { "[limits]\n" };
    format!("{config}\n{table}{times}")
}
