//! `lanner doctor`: what of this machine Lanner can use, what is missing, what that costs and how to get it.
//!
//! Nothing is changed by looking: no setting is written, no directory made. Probes are loaded and attached, for that is
//! the only way to know, and are gone when the examination ends.

mod kernel;
mod mounts;
mod probes;
mod process;
mod render;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

pub(crate) use render::one_line;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Lanner runs, and something does not work or is not seen.
    Degraded,
    /// Lanner cannot watch this machine.
    Missing,
    /// It could not be found out.
    Unknown,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at, in a word or two.
    pub name: String,
    /// How it came out.
    pub verdict: Verdict,
    /// What was seen.
    pub found: String,
    /// What does not work without it; empty where all is well.
    pub cost: String,
    /// What to do about it; empty where all is well.
    pub remedy: String,
}

impl Check {
    fn ok(name: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            verdict: Verdict::Ok,
            found: found.into(),
            cost: String::new(),
            remedy: String::new(),
        }
    }

    fn degraded(name: impl Into<String>, found: impl Into<String>, cost: &str, remedy: &str) -> Self {
        Self { verdict: Verdict::Degraded, cost: cost.to_owned(), remedy: remedy.to_owned(), ..Self::ok(name, found) }
    }

    fn missing(name: impl Into<String>, found: impl Into<String>, cost: &str, remedy: &str) -> Self {
        Self { verdict: Verdict::Missing, ..Self::degraded(name, found, cost, remedy) }
    }

    fn unknown(name: impl Into<String>, found: impl Into<String>, cost: &str, remedy: &str) -> Self {
        Self { verdict: Verdict::Unknown, ..Self::degraded(name, found, cost, remedy) }
    }
}

/// All checks, in the order in which they depend on each other. [`Report::render`] shows it to people.
///
/// As JSON (`--output json`, one object on one line); fields may be added, and these stay:
///
/// ```json
/// {
///   "usable": true,
///   "checks": [
///     {
///       "name": "io_uring",
///       "verdict": "degraded",
///       "found": "on (kernel.io_uring_disabled is 0)",
///       "cost": "…",
///       "remedy": "…"
///     }
///   ]
/// }
/// ```
///
/// `verdict` is one of `ok`, `degraded`, `missing`, `unknown`; `usable` is false where one is `missing`; `cost` and
/// `remedy` are empty for `ok`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    usable: bool,
    checks: Vec<Check>,
}

impl Report {
    fn new(checks: Vec<Check>) -> Self {
        Self { usable: checks.iter().all(|check| check.verdict != Verdict::Missing), checks }
    }

    /// Whether Lanner can watch this machine, if perhaps not all of it.
    pub fn usable(&self) -> bool {
        self.usable
    }

    /// The checks.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }
}

/// What of this machine is not as it should be, by name and verdict, as far as it can be seen in files.
pub fn lacking() -> Vec<String> {
    let lacking = checks(&Place::here()).into_iter().filter(|check| check.verdict != Verdict::Ok);
    lacking.map(|check| format!("{} ({})", check.name, check.verdict.name())).collect()
}

/// Looks at the machine that this runs on.
///
/// Takes as long as the kernel needs to verify the probes, some tenths of a second.
pub fn examine() -> Report {
    let mut checks = checks(&Place::here());
    checks.push(process::limits());
    checks.push(process::cache(lanner_engine::cache::default_folder().as_deref()));
    checks.extend(probes::load());
    Report::new(checks)
}

/// All that can be seen in files.
fn checks(place: &Place) -> Vec<Check> {
    let mounts = mounts::Mounts::read(place);
    vec![
        kernel::release(place),
        kernel::architecture(place),
        process::capabilities(place),
        process::pid_namespace(place),
        kernel::btf(place),
        process::processes(place),
        mounts.bpffs(),
        mounts.cgroups(),
        kernel::lockdown(place, mounts.has_securityfs()),
        kernel::lsm(place, mounts.has_securityfs()),
        kernel::jit(place),
        kernel::io_uring(place),
        process::memory(place),
    ]
}

/// The machine as files below a root, so that tests can make one up.
struct Place {
    root: PathBuf,
    /// As `uname -r`.
    release: String,
    /// As `uname -m`.
    architecture: String,
}

impl Place {
    /// This machine.
    fn here() -> Self {
        let uname = rustix::system::uname();
        Self {
            root: PathBuf::from("/"),
            release: uname.release().to_string_lossy().into_owned(),
            architecture: uname.machine().to_string_lossy().into_owned(),
        }
    }

    /// Where an absolute path lies.
    fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// A file's text, without white space around it.
    fn text(&self, path: &str) -> io::Result<String> {
        let bytes = fs::read(self.path(path))?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    fn exists(&self, path: impl AsRef<Path>) -> bool {
        self.path(path).exists()
    }

    /// Whether a file below /proc/sys is not there because this kernel has no such setting; not because there is no /proc,
    /// or only part of it, or because it may not be read.
    fn has_no_setting(&self, error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::NotFound && self.exists("/proc/sys/kernel")
    }

    /// The kernel's major and minor version.
    fn version(&self) -> Option<(u32, u32)> {
        let mut numbers = self.release.split(|c: char| !c.is_ascii_digit());
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    }
}

#[cfg(test)]
mod tests;
