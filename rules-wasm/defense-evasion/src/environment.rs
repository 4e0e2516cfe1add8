//! Looks at where a program runs, before it shows what it does: on a virtual machine, under a debugger, too soon.

use std::time::Duration;

use common::command::{Command, called};
use common::context::{is_build, is_debugging, is_provisioning, is_scheduled};
use common::programs::{is_interpreter, is_shell, is_system, is_world_writable, label};
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::DefenseEvasion;

const SESSIONS: usize = 512;
const KEEP: Duration = Duration::from_secs(60);

/// Ways in which a session has looked for signs of a virtual machine lately: a bit each.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Looks {
    sessions: Recent<u32, u8>,
}

impl Default for Looks {
    fn default() -> Self {
        Self { sessions: Recent::new(SESSIONS, KEEP) }
    }
}

impl Looks {
    /// With the limits of this version, whichever saved it.
    pub(crate) fn with_limits(self) -> Self {
        Self { sessions: self.sessions.with_limits(SESSIONS, KEEP) }
    }

    /// Notes one, and says which there are.
    fn note(&mut self, now: u64, process: &Process<'_>, look: u8) -> u8 {
        let session = process.sid().unwrap_or(process.ppid());
        let looks = self.sessions.get(now, &session).copied().unwrap_or_default() | look;
        self.sessions.insert(now, session, looks);
        looks
    }
}

const BY_TOOL: u8 = 1;
const BY_FIRMWARE: u8 = 2;
const BY_SEARCH: u8 = 4;
const BY_DEVICES: u8 = 8;

/// Says what the machine is.
static FIRMWARE: TextSet = TextSet::new()
    .equals(&["/proc/scsi/scsi", "/sys/hypervisor/type", "/sys/hypervisor/uuid"])
    .starts_with(&["/sys/class/dmi/id/", "/sys/devices/virtual/dmi/id/"]);
/// Words that stand in what virtual machines say of themselves.
static MAKERS: TextSet = TextSet::new().contains(&[
    "hypervisor",
    "HYPERVISOR",
    "Hypervisor",
    "innotek",
    "kvm",
    "KVM",
    "parallels",
    "Parallels",
    "qemu",
    "QEMU",
    "vbox",
    "VBOX",
    "virtualbox",
    "VirtualBox",
    "vmware",
    "VMware",
    "VMWARE",
    "xen",
]);
/// Of these, those that hosts of virtual machines look for as well.
static COMMON_MAKERS: TextSet = TextSet::new().contains(&["KVM", "QEMU", "kvm", "qemu", "xen"]);
const PTRACE_TRACEME: u32 = 0;
/// Pings that are sent to oneself, to let time go by.
const MANY_PINGS: u32 = 20;
const LONG_SLEEP: f64 = 60.0;

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    r.rule("defense-evasion/virtual-machine-check")
        .summary("A script looked whether it runs on a virtual machine")
        .severity(Medium)
        .attack("T1497.001")
        .attack("T1082")
        .property("maturity", "incubating")
        .property("misses", "What the processor says, which is asked by an instruction")
        .only(called(&[
            "awk",
            "dmidecode",
            "egrep",
            "facter",
            "fgrep",
            "gawk",
            "grep",
            "imvirt",
            "lscpu",
            "lshw",
            "lspci",
            "lsscsi",
            "lsusb",
            "mawk",
            "systemd-detect-virt",
            "virt-what",
        ]))
        .on_exec(|pack, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let of_system = command.words().any(|word| word.starts_with("/proc/") || word.starts_with("/sys/"));
            let searches = || {
                let unlike = |word: Text<'_>| of_system || !COMMON_MAKERS.matches(word);
                command.words().any(|word| MAKERS.matches(word) && unlike(word))
            };
            let look = match command.name().to_str().unwrap_or_default() {
                "systemd-detect-virt" | "virt-what" | "imvirt" | "facter" => BY_TOOL,
                "dmidecode" => BY_FIRMWARE,
                "grep" | "egrep" | "fgrep" | "awk" | "mawk" | "gawk" if searches() => BY_SEARCH,
                "lspci" | "lsusb" | "lshw" | "lsscsi" | "lscpu" => BY_DEVICES,
                _ => return,
            };
            looked(pack, &image, e.time(), look, out);
        })
        .unfiltered()
        .only(open::file().matches(&FIRMWARE))
        .on_open(|pack, e, out| {
            // Agents of all kinds look at this: a person has it printed.
            let process = e.process();
            if e.process()
                .name()
                .one_of(&["awk", "busybox", "cat", "dd", "egrep", "gawk", "grep", "head", "mawk", "sed"])
                && !e.failed()
            {
                looked(pack, &process, e.time(), BY_FIRMWARE, out);
            }
        });

    r.rule("defense-evasion/debugger-check")
        .summary("A program looked whether somebody watches it, or keeps others from doing so")
        .severity(Medium)
        .attack("T1622")
        .attack("T1497")
        .property("maturity", "incubating")
        .property("misses", "What a program reads of itself: many read that file for other reasons")
        .only(ptrace::request().equals(PTRACE_TRACEME))
        .on_ptrace(|_, e, out| {
            let process = e.process();
            let own = !is_system(&process) || is_interpreter(&process);
            if own && !is_debugging(&process) && !is_tracer(&process) {
                let finding = out.finding(format!("{} has itself traced, so that nobody else can", label(&process)));
                if is_build(&process) || e.failed() {
                    finding.severity(Low);
                }
            }
        })
        .unfiltered()
        .on_exec(|_, e, out| {
            let image = e.image();
            let asks = image.args().skip(1).any(|arg| arg.contains("TracerPid"));
            if asks && !is_build(&image) && !(is_shell(&e.process()) && is_shell(&image) && image.args().count() > 3) {
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
            }
        });

    r.rule("defense-evasion/delay")
        .summary("A script let time go by in a way that is not how one waits")
        .severity(Medium)
        .attack("T1678")
        .attack("T1497.003")
        .property("maturity", "incubating")
        .property("misses", "Waiting by a program's own code")
        .only(called(&["ping", "ping4", "ping6", "sleep"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let process = e.process();
            if command.name().one_of(&["ping", "ping4", "ping6"]) {
                let count = command.value('c', "").and_then(|count| count.to_str()?.parse::<u32>().ok());
                let own =
                    command.words().any(|host| host.starts_with("127.") || host.one_of(&["localhost", "::1", "0"]));
                if own && count.is_none_or(|count| count >= MANY_PINGS) && image.tty().is_none() {
                    out.finding(format!("{} ran {}", label(&process), image.command_line()));
                }
            } else if command.name() == "sleep" {
                let parent = image.parent();
                let dropped = [Some(process), parent].into_iter().flatten().any(|each| {
                    is_world_writable(each.exe()) || is_world_writable(each.script()) || given_writable(&each)
                });
                let long = command.words().any(|time| seconds(time) >= LONG_SLEEP);
                if long && dropped && !is_build(&image) {
                    out.finding(format!("{} waits: {}", label(&process), image.command_line())).severity(Low);
                }
            }
        });
}

fn looked(pack: &mut DefenseEvasion, process: &Process<'_>, now: u64, look: u8, out: &mut Out<'_>) {
    if is_provisioning(process) || is_scheduled(process) || is_build(process) {
        return;
    }
    // What systemd and udev start looks for itself.
    let by_person = process.ancestors().any(|each| is_shell(&each) || is_interpreter(&each));
    let looks = pack.looks.note(now, process, look);
    // What a machine has is asked for by inventories, too; only who looks for the names means this.
    let telling = look == BY_TOOL || looks & BY_SEARCH != 0;
    if look != BY_DEVICES || telling {
        let message = match process.script() {
            script if script.is_empty() => process.command_line().to_string(),
            script => script.to_string(),
        };
        let finding = out
            .finding(format!("looked for signs of a virtual machine: {message}"))
            .key(process.sid().unwrap_or_default().to_string());
        if !telling || !by_person || process.tty().is_some() {
            finding.severity(Low);
        }
    }
}

/// A program that traces what it starts: its child asks for it, as the same program still.
fn is_tracer(process: &Process<'_>) -> bool {
    process.parent().is_some_and(|parent| parent.exe() == process.exe() && parent.id() != process.id())
}

fn given_writable(process: &Process<'_>) -> bool {
    is_shell(process) && process.args().nth(1).is_some_and(is_world_writable)
}

fn seconds(time: Text<'_>) -> f64 {
    let Some(text) = time.to_str() else { return 0.0 };
    let (number, unit) = text.split_at(text.find(|letter: char| letter.is_alphabetic()).unwrap_or(text.len()));
    let factor = match unit {
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => 1.0,
    };
    if unit == "infinity" || text == "infinity" { f64::MAX } else { number.parse::<f64>().unwrap_or(0.0) * factor }
}
