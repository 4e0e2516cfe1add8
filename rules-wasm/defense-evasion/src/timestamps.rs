//! Times that say a file is older than it is.

use std::time::Duration;

use common::command::{Command, called};
use common::context::{is_build, is_provisioning};
use common::programs::{is_in_system, is_interpreter, is_world_writable, label};
use common::tools::is_language_tool;
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::DefenseEvasion;

const SECOND: u64 = 1_000_000_000;
/// What is set back by less may be a clock that goes wrong.
const BACK: u64 = 3600;
/// Files that touch itself made: of these there is no older time to hide.
const FRESH: usize = 256;
const KEEP: Duration = Duration::from_secs(10);

/// Files that touch made a moment ago, by process and path.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Fresh {
    files: Recent<(u64, Vec<u8>), ()>,
}

impl Default for Fresh {
    fn default() -> Self {
        Self { files: Recent::new(FRESH, KEEP) }
    }
}

impl Fresh {
    /// With the limits of this version, whichever saved it.
    pub(crate) fn with_limits(self) -> Self {
        Self { files: self.files.with_limits(FRESH, KEEP) }
    }
}

/// Where programs lie that are called by their names.
static PROGRAM_FOLDERS: TextSet =
    TextSet::new().starts_with(&["/bin/", "/sbin/", "/usr/bin/", "/usr/local/bin/", "/usr/local/sbin/", "/usr/sbin/"]);
/// Set a file's times, and nothing else.
static TOUCH: TextSet = TextSet::new().ends_with(&["/busybox", "/coreutils", "/toybox", "/touch"]);

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    r.rule("defense-evasion/timestomp")
        .summary("A file was given a time that is not its own, so that it looks old")
        .severity(Medium)
        .attack("T1070.006")
        .property("maturity", "stable")
        .property(
            "misses",
            "Programs that copy files with their times; a clock that is set back for a moment is a rule of its own",
        )
        .only(process::exe().matches(&TOUCH).and(open::created().is(true)))
        .on_open(|pack, e, _| {
            let key = (e.process().id(), e.path().as_bytes().to_vec());
            pack.fresh.files.insert(e.time(), key, ());
        })
        .unfiltered()
        .only(process::exe().matches(&TOUCH))
        .on_utimes(|pack, e, out| {
            let process = e.process();
            let command = Command::of(&process);
            if command.name() != "touch" || e.failed() {
                return;
            }
            let chosen = command.has('t', "") || command.has('d', "date") || command.has('r', "reference");
            let back = e.mtime().is_some_and(|mtime| is_back(mtime, e.time()));
            // Of the time of access alone only the arguments tell.
            let access_only = command.has('a', "time") && e.mtime().is_none();
            if !chosen || !(back || access_only || command.has('r', "reference")) {
                return;
            }
            let fresh = pack.fresh.files.get(e.time(), &(process.id(), e.path().as_bytes().to_vec())).is_some();
            let finding = out
                .finding(format!("{} set the time of {}: {}", label(&process), e.path(), process.command_line()))
                .fact("path", e.path())
                .key(e.path().to_string());
            if fresh || is_build(&process) || is_provisioning(&process) || is_beside(&command, e.path()) {
                finding.severity(Low);
            }
        })
        .unfiltered()
        .only(process::exe().contains(["perl", "python", "ruby", "php"]).or(process::exe().starts_with([
            "/dev/shm/",
            "/tmp/",
            "/var/tmp/",
        ])))
        .only(utimes::mtime().known())
        .on_utimes(|_, e, out| {
            let process = e.process();
            let inline = is_interpreter(&process) && process.args().skip(1).any(|arg| arg.one_of(&["-c", "-e", "-r"]));
            let back = e.mtime().is_some_and(|mtime| is_back(mtime, e.time()));
            // A system that is being put together has its own tools, by their usual folders.
            let dropped = is_world_writable(process.exe()) && !process.exe().contains("/usr/");
            // A program of the system that suddenly is years old; what unpacks and installs does so all the time.
            let script = is_interpreter(&process) && !is_in_system(process.script()) && !is_language_tool(&process);
            let among_programs = PROGRAM_FOLDERS.matches(e.path()) && script && !is_provisioning(&process);
            if back && !e.failed() && (inline || dropped || among_programs) {
                let finding = out
                    .finding(format!("{} set the time of {} back", label(&process), e.path()))
                    .fact("path", e.path())
                    .key(e.path().to_string());
                if is_build(&process) || is_provisioning(&process) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("defense-evasion/clock-set")
        .summary("The clock was set by hand, or times of files were written into the file system itself")
        .severity(Medium)
        .attack("T1070.006")
        .property("maturity", "incubating")
        .property("misses", "Programs that set the clock by the call (no event tells it)")
        .only(called(&["date", "debugfs", "hwclock", "timedatectl"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let sets = match command.name() {
                name if name == "date" => {
                    command.args().iter().any(|arg| arg.starts_with("-s") || arg.starts_with("--set"))
                }
                name if name == "timedatectl" => command.says(&["set-time"]),
                name if name == "hwclock" => command.says(&["--set"]),
                name if name == "debugfs" => {
                    image.args().any(|arg| arg.contains("set_inode_field") || arg.contains("sif "))
                }
                _ => false,
            };
            if sets && !is_provisioning(&image) {
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
            }
        });
}

fn is_back(mtime: i64, now: u64) -> bool {
    u64::try_from(mtime).unwrap_or(0) + BACK < now / SECOND
}

/// Whether somebody's document got the time of another one beside it, as what was made from it may have.
fn is_beside(command: &Command<'_>, path: Text<'_>) -> bool {
    let reference = command.value('r', "reference");
    let is_plain = |name: Text<'_>| !name.contains("/") && !name.starts_with(".");
    let in_home = path.starts_with("/home/") && !path.contains("/.");
    in_home && reference.is_some_and(is_plain) && command.args().last().is_some_and(|name| is_plain(*name))
}
