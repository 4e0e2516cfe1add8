//! Containers whose main program may do what no container needs.

use common::contained::{entry, is_contained, is_main, is_setting_up, place};
use common::context::is_in_own_user_namespace;
use lanner_sdk::prelude::*;

use crate::Containers;
use crate::deploy::SYSTEM_NAMESPACES;

/// Capabilities by which root of a container reaches the host's kernel, its processes or its disks, by their numbers
/// (include/uapi/linux/capability.h).
const WAYS_OUT: [(&str, u32); 8] = [
    ("DAC_READ_SEARCH", 2),
    ("SYS_MODULE", 16),
    ("SYS_RAWIO", 17),
    ("SYS_PTRACE", 19),
    ("SYS_ADMIN", 21),
    ("SYS_BOOT", 22),
    ("MAC_ADMIN", 33),
    ("BPF", 39),
];
/// What boots a whole system in a container, which needs some of them.
static OF_SYSTEMS: TextSet = TextSet::new().equals(&["lxc", "systemd-nspawn"]);

fn bits() -> u64 {
    WAYS_OUT.iter().map(|(_, number)| 1 << number).sum()
}

pub(crate) fn add(r: &mut Rules<Containers>) {
    r.rule("privilege-escalation/capable-container")
        .summary("A container was started with a capability that leads out of it")
        .severity(Medium)
        .attack("T1611")
        .attack("T1610")
        .property("maturity", "incubating")
        .property("misses", "Containers with all capabilities there are: privileged-container sees those")
        .only(container::id().known())
        .only(exec::image::caps_permitted().any(bits()))
        .on_exec(|_, e, out| {
            let image = e.image();
            // The container's main program, as the runtime begins it.
            let is_entry =
                entry(&image).id() == image.id() && (is_setting_up(&e.process()) || !is_contained(&e.process()));
            let capabilities = image.caps_permitted().unwrap_or_default();
            let Some(container) = image.container() else { return };
            // In a user namespace of its own they reach nothing of the host.
            if !is_entry || !is_main(&image) || is_in_own_user_namespace(&image) || capabilities & bits() == bits() {
                return;
            }
            let has = |(_, number): &&(&str, u32)| capabilities & (1 << number) != 0;
            let names: Vec<&str> = WAYS_OUT.iter().filter(has).map(|(name, _)| *name).collect();
            let names = names.join(", ");
            let finding = out
                .finding(format!("{} has {names}: {}", place(&image), image.command_line()))
                .fact("capabilities", names)
                .field("image", container.image())
                .key(container.id().to_string());
            if SYSTEM_NAMESPACES.matches(container.namespace()) || OF_SYSTEMS.matches(container.runtime()) {
                finding.severity(Low);
            }
        });
}
