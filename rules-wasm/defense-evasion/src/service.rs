//! What services are told: by systemctl, by the scripts before it, and by what other systems have.

use common::command::Command;
use lanner_sdk::prelude::*;

/// Programs that services are told by.
pub(crate) const SERVICE_TOOLS: [&str; 16] = [
    "chkconfig",
    "docker",
    "initctl",
    "invoke-rc.d",
    "kubectl",
    "monit",
    "nerdctl",
    "podman",
    "rc-service",
    "rc-update",
    "service",
    "snap",
    "supervisorctl",
    "sv",
    "systemctl",
    "update-rc.d",
];

/// Services that are to stop, or not to start any more.
pub(crate) fn stopped(image: &Process<'_>, command: &Command<'_>) -> Vec<String> {
    let words: Vec<Text<'_>> = command.words().collect();
    let first = words.first().copied().unwrap_or_default();
    let rest = || words.iter().skip(1).map(|word| name(*word)).collect();
    let second_is = |stops: &[&str]| words.get(1).is_some_and(|word| word.one_of(stops));
    let one = || vec![name(first)];
    match command.name().to_str().unwrap_or_default() {
        "systemctl" if first.one_of(&["stop", "disable", "mask", "kill", "freeze"]) => rest(),
        "service" | "rc-service" | "invoke-rc.d" if second_is(&["stop", "disable"]) => one(),
        "update-rc.d" if second_is(&["remove", "disable"]) => one(),
        "chkconfig" if second_is(&["off"]) || command.says(&["--del"]) => one(),
        "rc-update" if first.one_of(&["del", "delete"]) => rest(),
        "initctl" | "supervisorctl" | "monit" | "snap" if first.one_of(&["stop", "disable"]) => rest(),
        "sv" if first.one_of(&["down", "stop", "exit", "force-stop", "kill"]) => rest(),
        "docker" | "podman" | "nerdctl" if first.one_of(&["stop", "rm", "kill", "pause"]) => rest(),
        "kubectl" if first == "delete" => words.iter().skip(1).map(|word| name(word.file_name())).collect(),
        _ if image.script().starts_with("/etc/init.d/") && first == "stop" => vec![name(command.name())],
        _ => vec![],
    }
}

/// A unit's name without its kind, in lower case.
fn name(unit: Text<'_>) -> String {
    let unit = unit.file_name().to_string().to_lowercase();
    let plain = [".service", ".socket", ".timer", ".target"].iter().find_map(|kind| unit.strip_suffix(kind));
    plain.unwrap_or(&unit).to_owned()
}
