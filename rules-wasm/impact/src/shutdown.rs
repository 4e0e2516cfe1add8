//! The machine is stopped.

use common::command::{Command, called, line};
use common::context::{is_configuration_management, is_scheduled};
use common::programs::{is_package_management, label};
use lanner_sdk::prelude::*;

use crate::Impact;

const TOOLS: [&str; 9] =
    ["halt", "init", "kexec", "poweroff", "reboot", "shutdown", "systemctl", "telinit", "loginctl"];

pub(crate) fn add(r: &mut Rules<Impact>) {
    r.rule("impact/shutdown")
        .summary("The machine was told to stop or to start anew by a script")
        .severity(Medium)
        .attack("T1529")
        .property("maturity", "stable")
        .property("misses", "programs that make the system call themselves")
        .only(called(&TOOLS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (_, args) = Command::of(&image).parts();
            // These are one program, and are told by the name that they are called by.
            let called = image.args().next().unwrap_or_default().file_name();
            let name = if called.one_of(&TOOLS) { called } else { Command::of(&image).name() };
            let says = |words: &[&str]| args.iter().any(|arg| arg.one_of(words));
            let stops = match () {
                () if name.one_of(&["halt", "poweroff", "reboot"]) => {
                    !says(&["--help", "-w", "--wtmp-only", "--version"])
                }
                () if name == "shutdown" => !says(&["-c", "-k", "--help", "--show"]),
                () if name.one_of(&["init", "telinit"]) => {
                    args.first().is_some_and(|level| level.one_of(&["0", "6", "1", "S", "s"])) && args.len() < 3
                }
                () if name.one_of(&["systemctl", "loginctl"]) => {
                    says(&["poweroff", "reboot", "halt", "kexec", "soft-reboot", "rescue", "emergency", "hibernate"])
                        && args.iter().find(|arg| !arg.starts_with("-")).is_some_and(|verb| {
                            verb.one_of(&[
                                "poweroff",
                                "reboot",
                                "halt",
                                "kexec",
                                "soft-reboot",
                                "rescue",
                                "emergency",
                                "hibernate",
                                "start",
                                "isolate",
                            ])
                        })
                }
                () if name == "kexec" => says(&["-e", "--exec"]),
                () => false,
            };
            if stops {
                let finding = out.finding(format!("{} stops the machine", line(&image)));
                let routine =
                    is_package_management(&image) || is_configuration_management(&image) || is_scheduled(&image);
                if image.tty().is_some() || routine {
                    finding.severity(Low);
                }
            }
        });

    r.rule("impact/magic-key")
        .summary("The kernel was told to stop at once, or to kill what runs, past everything that would be tidied up")
        .severity(High)
        .attack("T1529")
        .property("maturity", "stable")
        .property("misses", "the key itself")
        .only(open::file().equals(["/proc/sysrq-trigger"]))
        .on_open(|_, e, out| {
            if e.is_write() && !e.failed() {
                out.finding(format!("{} wrote {}", label(&e.process()), e.path()));
            } else if e.is_write() {
                out.finding(format!("{} tried to write {}", label(&e.process()), e.path())).severity(Low);
            }
        });
}
