//! Installed programs that are copied to another name, and run by it.

use std::time::Duration;

use common::command::Command;
use common::context::{is_build, is_provisioning};
use common::programs::{is_in_system, label};
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::DefenseEvasion;

const COPIES: usize = 1024;
const KEEP: Duration = Duration::from_secs(30 * 60);
/// What a program that copies has read and not yet written.
const OPEN: usize = 64;
const OPEN_FOR: Duration = Duration::from_secs(10);
const S_IXUSR: u32 = 0o100;

/// Copies of installed programs.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Copies {
    /// What it was, by the copy's device and inode.
    files: Recent<(u32, u64), Copy>,
    /// The program that a copying process has open.
    open: Recent<u64, Copy>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Copy {
    seq: u64,
    of: String,
}

impl Default for Copies {
    fn default() -> Self {
        Self { files: Recent::new(COPIES, KEEP), open: Recent::new(OPEN, OPEN_FOR) }
    }
}

impl Copies {
    /// With the limits of this version, whichever saved it.
    pub(crate) fn with_limits(self) -> Self {
        Self { files: self.files.with_limits(COPIES, KEEP), open: self.open.with_limits(OPEN, OPEN_FOR) }
    }
}

static PROGRAMS: TextSet =
    TextSet::new().starts_with(&["/bin/", "/sbin/", "/usr/bin/", "/usr/libexec/", "/usr/local/bin/", "/usr/sbin/"]);
/// What is copied there is no concern of this rule.
const SYSTEM: [&str; 6] = ["/bin/", "/lib/", "/lib64/", "/sbin/", "/snap/", "/usr/"];
/// Where administrators put programs, and whoever wants his to look like theirs.
const LOCAL: &str = "/usr/local/";
/// What copies files.
static COPIERS: TextSet =
    TextSet::new().ends_with(&["/busybox", "/cat", "/coreutils", "/cp", "/dd", "/install", "/rsync"]);

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    r.rule("defense-evasion/renamed-program")
        .summary("A program of the system was copied and run under another name")
        .severity(Medium)
        .attack("T1036.003")
        .attack("T1036.005")
        .property("maturity", "incubating")
        .property("misses", "Copies that are made by other programs than the usual, and moves")
        .only(process::exe().matches(&COPIERS).and(open::path().matches(&PROGRAMS)))
        .on_open(|pack, e, _| {
            let is_program = e.file_mode().is_some_and(|mode| mode & S_IXUSR != 0);
            // What it runs itself, and its libraries, are no copies.
            if e.is_read() && !e.is_write() && !e.failed() && is_program {
                let copy = Copy { seq: e.seq(), of: e.path().file_name().to_string() };
                pack.copies.open.insert(e.time(), e.process().id(), copy);
            }
        })
        .unfiltered()
        .only(
            process::exe()
                .matches(&COPIERS)
                .and(open::created().is(true))
                .and((!open::path().starts_with(SYSTEM)).or(open::path().starts_with([LOCAL]))),
        )
        .on_open(|pack, e, _| {
            let process = e.process();
            let is_local = e.path().starts_with(LOCAL);
            if is_provisioning(&process) || (is_in_system(e.path()) && !is_local) {
                return;
            }
            if let Some(file) = e.dev().zip(e.inode())
                && let Some(copy) = pack.copies.open.take(e.time(), &process.id())
            {
                pack.copies.files.insert(e.time(), file, copy);
            }
        })
        .unfiltered()
        .only(symlink::target().matches(&PROGRAMS))
        .on_symlink(|_, e, out| {
            // A link to a shell under the name of something else, outside of where links to programs lie.
            let shell = e.target().file_name().one_of(&["bash", "dash", "python3", "sh", "perl", "nc"]);
            let other = e.path().file_name() != e.target().file_name();
            let hidden = common::programs::is_world_writable(e.path());
            if shell && other && hidden && !e.failed() && !is_provisioning(&e.process()) && !is_build(&e.process()) {
                let message = format!("{} called {} {}", label(&e.process()), e.target(), e.path());
                out.finding(message).fact("path", e.path()).severity(Low);
            }
        })
        .unfiltered()
        .on_exec(|pack, e, out| {
            let image = e.image();
            let file = image.exe_dev().zip(image.exe_inode());
            let Some(copy) = file.and_then(|file| pack.copies.files.take(e.time(), &file)) else { return };
            let command = Command::of(&image);
            let same = image.exe().file_name() == copy.of.as_str();
            let finding = out
                .finding(format!("{} ran {}, a copy of {}", label(&e.process()), image.exe(), copy.of))
                .fact("path", image.exe())
                .field("command", command.name())
                .because_of(copy.seq);
            if same || is_build(&image) {
                finding.severity(Low);
            }
        });
}
