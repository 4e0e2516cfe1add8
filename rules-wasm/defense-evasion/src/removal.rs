//! Files that are removed so that nobody finds them: programs that remove themselves, and what is overwritten first.

use std::time::Duration;

use common::changes::Deed;
use common::command::{Command, called};
use common::context::{is_build, is_ci, is_provisioning};
use common::programs::{is_system, is_world_writable, label};
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::DefenseEvasion;

/// Programs that were run from where everybody may write, and how long they are remembered.
const PROGRAMS: usize = 512;
const KEEP: Duration = Duration::from_secs(10 * 60);
const LAID: usize = 256;
const SHORT_LIVED: Duration = Duration::from_secs(60 * 60);

/// What was run lately from where everybody may write, by path: the process, as long as it runs.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Running {
    programs: Recent<Vec<u8>, Ran>,
    /// Jobs, units and keys that were laid by hand lately, by path.
    laid: Recent<Vec<u8>, u64>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Ran {
    seq: u64,
    process: u64,
    ended: bool,
}

impl Default for Running {
    fn default() -> Self {
        Self { programs: Recent::new(PROGRAMS, KEEP), laid: Recent::new(LAID, SHORT_LIVED) }
    }
}

impl Running {
    /// With the limits of this version, whichever saved it.
    pub(crate) fn with_limits(self) -> Self {
        Self { programs: self.programs.with_limits(PROGRAMS, KEEP), laid: self.laid.with_limits(LAID, SHORT_LIVED) }
    }
}

/// What makes things run again.
static PERSISTENCE: TextSet = TextSet::new()
    .starts_with(&["/etc/cron.d/", "/etc/systemd/system/", "/var/spool/cron/"])
    .ends_with(&["/.ssh/authorized_keys"]);
/// Where what is dropped lies most often.
static DROP_FOLDERS: TextSet = TextSet::new().starts_with(&["/dev/shm/", "/tmp/", "/var/tmp/"]);

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    r.rule("defense-evasion/running-program-removed")
        .summary("A program was removed while it runs, or removed itself: what it was can no longer be looked at")
        .severity(Medium)
        .attack("T1070.004")
        .attack("T1070")
        .property("maturity", "incubating")
        .property("misses", "Programs outside of the folders that everybody may write into, and those that are removed after they ended")
        .on_exec(|pack, e, _| {
            let image = e.image();
            let script = image.script();
            let file = if is_world_writable(script) { script } else { image.exe() };
            if DROP_FOLDERS.matches(file) && !is_provisioning(&image) {
                let ran = Ran { seq: e.seq(), process: image.id(), ended: false };
                pack.running.programs.insert(e.time(), file.as_bytes().to_vec(), ran);
            }
        })
        .only(process::exe().matches(&DROP_FOLDERS).or(process::script().matches(&DROP_FOLDERS)))
        .on_exit(|pack, e, _| {
            let process = e.process();
            for file in [process.exe(), process.script()] {
                let ran = pack.running.programs.get_mut(e.time(), file.as_bytes());
                if let Some(ran) = ran.filter(|ran| ran.process == process.id()) {
                    ran.ended = true;
                }
            }
        })
        .unfiltered()
        .only(unlink::path().matches(&DROP_FOLDERS))
        .on_unlink(|pack, e, out| {
            if !e.failed() && !e.is_directory() {
                removed(pack, &e.process(), e.path(), e.time(), Deed::Removed, out);
            }
        });

    r.rule("defense-evasion/secure-deletion")
        .summary("Files were overwritten before they were removed, so that nothing of them can be found")
        .severity(Medium)
        .attack("T1070.004")
        .attack("T1485")
        .property("maturity", "stable")
        .property("misses", "Programs that do the same under another name")
        .only(called(&["nwipe", "scrub", "sdmem", "sfill", "shred", "srm", "sswap", "wipe"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let overwrites = match command.name() {
                name if name == "shred" => !command.args().is_empty() && !command.says(&["--help", "--version"]),
                name => name.one_of(&["sdmem", "sfill", "sswap", "srm", "wipe", "scrub", "nwipe"]),
            };
            if overwrites && !is_provisioning(&image) && !is_build(&image) {
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
            }
        });

    r.rule("defense-evasion/persistence-removed")
        .summary("Jobs, units or keys were removed by hand: what was there to stay may have served")
        .severity(Medium)
        .attack("T1070.009")
        .property("maturity", "incubating")
        .property("misses", "Single lines that an editor takes out")
        .only(called(&["crontab"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            if Command::of(&image).has('r', "") && !is_provisioning(&image) {
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
            }
        })
        .unfiltered()
        .only(open::created().is(true).and(open::path().matches(&PERSISTENCE)))
        .on_open(|pack, e, _| {
            if !is_provisioning(&e.process()) {
                pack.running.laid.insert(e.time(), e.path().as_bytes().to_vec(), e.seq());
            }
        })
        .unfiltered()
        .only(unlink::path().matches(&PERSISTENCE))
        .on_unlink(|pack, e, out| {
            let process = e.process();
            let tool = process.name().one_of(&["systemctl", "systemd", "userdel", "update-rc.d"]);
            if e.failed() || tool || is_provisioning(&process) {
                return;
            }
            let finding = out.finding(format!("{} removed {}", label(&process), e.path())).fact("path", e.path());
            // What was only there for a while was there for a purpose.
            match pack.running.laid.take(e.time(), e.path().as_bytes()) {
                Some(seq) => drop(finding.because_of(seq)),
                None => drop(finding.severity(Low)),
            }
        });
}

fn removed(pack: &mut DefenseEvasion, process: &Process<'_>, path: Text<'_>, time: u64, deed: Deed, out: &mut Out<'_>) {
    let Some(ran) = pack.running.programs.get(time, path.as_bytes()).filter(|_| deed == Deed::Removed).cloned() else {
        return;
    };
    let by_itself = process.id() == ran.process || process.ancestors().any(|each| each.id() == ran.process);
    if ran.ended && !by_itself {
        return;
    }
    pack.running.programs.remove(path.as_bytes());
    let message = match by_itself {
        true => format!("{path} removed itself, by {}", label(process)),
        false => format!("{} removed {path}, which runs", label(process)),
    };
    let finding = out.finding(message).fact("path", path).key(path.to_string()).because_of(ran.seq);
    if is_build(process) || is_ci(process) || (is_system(process) && is_provisioning(process)) {
        finding.severity(Low);
    }
}
