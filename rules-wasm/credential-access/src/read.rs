//! Findings about files that were read.

use common::context::is_configuration_management;
use common::files::file;
use common::outcome::Outcome;
use common::programs::{is_in_system, label};
use common::reading::is_on_the_way;
use lanner_sdk::prelude::*;

/// Raises the finding, where the file was opened for reading, or would have been.
pub(crate) fn read(e: &OpenEvent<'_>, out: &mut Out<'_>) {
    read_as(e, None, out);
}

/// The same with another severity than the rule's.
pub(crate) fn read_as(e: &OpenEvent<'_>, severity: Option<Severity>, out: &mut Out<'_>) {
    let outcome = Outcome::of(e);
    let Some(verb) = outcome.verb("read", "tried to read").filter(|_| e.is_read()) else { return };
    let process = e.process();
    let finding = out
        .finding(format!("{} {verb} {}", label(&process), file(e)))
        .fact("path", e.path().to_string())
        .key(e.path().to_string());
    // What the kernel has refused is an attempt, and a user who is curious may be all that is behind it. Perl reads the
    // password hashes whenever an installed script asks for any user's entry. What lies in a tree that is copied or searched,
    // or what sets up machines looks at, was not asked for.
    let by_the_way = (process.name() == "perl" && is_in_system(process.script()))
        || e.paths().any(|path| is_on_the_way(&process, path))
        || is_configuration_management(&process);
    if let Some(severity) = by_the_way.then_some(Low).or(outcome.severity()).or(severity) {
        finding.severity(severity);
    }
}
