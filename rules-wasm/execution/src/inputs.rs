//! Keys that nobody pressed.

use common::command::line;
use common::programs::{is_interpreter, is_package_management, is_shell, is_system, is_world_writable, label};
use lanner_sdk::prelude::*;

use crate::Execution;

pub(crate) fn add(r: &mut Rules<Execution>) {
    r.rule("execution/input-injection")
        .summary("A program types in another's place: it makes keys of its own, or tells the desktop to")
        .severity(Medium)
        .attack("T1674")
        .property("maturity", "incubating")
        .property(
            "misses",
            "programs that ask the desktop by themselves; devices that are plugged in and say that they are keyboards",
        )
        .only(open::file().equals(["/dev/uinput", "/dev/input/uinput"]))
        .on_open(|_, e, out| {
            let process = e.process();
            let own = is_interpreter(&process)
                || is_shell(&process)
                || is_world_writable(process.exe())
                || !is_system(&process);
            if e.is_write() && own && !is_package_management(&process) {
                let verb = if e.failed() { "tried to open" } else { "opened" };
                let finding = out.finding(format!("{} {verb} {} to make keys", label(&process), e.path()));
                if e.failed() {
                    finding.severity(Low);
                }
            }
        })
        .unfiltered()
        .only(exec::image::exe().ends_with(["/dotool", "/wtype", "/xdotool", "/xte", "/ydotool"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let types =
                image.args().skip(1).any(|word| word.one_of(&["key", "keydown", "type"]) || word.starts_with("str "));
            if types || image.name().one_of(&["dotool", "wtype"]) {
                out.finding(format!("{} types: {}", label(&image), line(&image)));
            }
        });
}
