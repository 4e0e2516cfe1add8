//! Files that leave a container by the way in which commands come into it.

use common::command::Command;
use common::contained::{entry, is_contained, is_main, is_setting_up, place};
use common::context::is_interactive;
use lanner_sdk::prelude::*;

use crate::Containers;

/// What packs files.
static PACKERS: TextSet = TextSet::new().file_name(&["bsdtar", "busybox", "tar", "toybox"]);
static TAR: TextSet = TextSet::new().equals(&["bsdtar", "tar"]);

pub(crate) fn add(r: &mut Rules<Containers>) {
    r.rule("exfiltration/copied-from-container")
        .summary("Files of a running container were packed for whoever asked from outside, as `kubectl cp` does it")
        .severity(Low)
        .attack("T1048")
        .attack("T1609")
        .property("maturity", "incubating")
        .property(
            "misses",
            "copies that the runtime makes by itself (`docker cp`), and a program that packs under another name",
        )
        .only(container::id().known())
        .only(exec::image::exe().matches(&PACKERS))
        .on_exec(|_, e, out| {
            let image = e.image();
            // The first program in the container of what was started from outside, by the runtime.
            let is_entry =
                entry(&image).id() == image.id() && (is_setting_up(&e.process()) || !is_contained(&e.process()));
            if is_entry && !is_main(&image) && !is_interactive(&image) && packs_for_its_caller(&Command::of(&image)) {
                out.finding(format!("{} in {}", image.command_line(), place(&image))).key(place(&image));
            }
        });
}

/// Whether it makes an archive and writes that to its standard output.
fn packs_for_its_caller(command: &Command<'_>) -> bool {
    if !command.is(&TAR) {
        return false;
    }
    // The letters of the first argument need no dash: `tar cf - /srv`.
    let bundled = command.args().first().filter(|arg| !arg.starts_with("-")).copied().unwrap_or_default();
    let has = |letter: char, long| command.has(letter, long) || bundled.as_bytes().contains(&(letter as u8));
    has('c', "create") && (!has('f', "file") || command.says(&["-", "--file=-", "/dev/stdout"]))
}
