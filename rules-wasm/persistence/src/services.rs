//! Services and scripts that begin with the machine or with something that happens on it.

use common::changes::on_write;
use lanner_sdk::prelude::*;

use crate::Persistence;
use crate::who::{Habits, NOBODY, in_home, report};

/// Where units of the machine and of users lie. `/run/systemd/transient` and what generators make is systemd's own.
static UNITS: TextSet = TextSet::new()
    .starts_with(&[
        "/etc/systemd/system.control/",
        "/etc/systemd/system/",
        "/etc/systemd/user/",
        "/lib/systemd/system/",
        "/lib/systemd/user/",
        "/run/systemd/system/",
        "/run/systemd/user/",
        "/usr/lib/systemd/system/",
        "/usr/lib/systemd/user/",
        "/usr/local/lib/systemd/",
        "/usr/share/systemd/user/",
    ])
    .contains(&["/.config/systemd/user/", "/.local/share/systemd/user/"]);
/// Programs that systemd runs before it reads units, at sleep and at shutdown.
static GENERATORS: TextSet = TextSet::new().starts_with(&[
    "/etc/systemd/system-environment-generators/",
    "/etc/systemd/system-generators/",
    "/etc/systemd/system-shutdown/",
    "/etc/systemd/system-sleep/",
    "/etc/systemd/user-environment-generators/",
    "/etc/systemd/user-generators/",
    "/lib/systemd/system-environment-generators/",
    "/lib/systemd/system-generators/",
    "/lib/systemd/system-shutdown/",
    "/lib/systemd/system-sleep/",
    "/lib/systemd/user-environment-generators/",
    "/lib/systemd/user-generators/",
    "/run/systemd/system-environment-generators/",
    "/run/systemd/system-generators/",
    "/run/systemd/system-shutdown/",
    "/run/systemd/system-sleep/",
    "/run/systemd/user-environment-generators/",
    "/run/systemd/user-generators/",
    "/usr/lib/systemd/system-environment-generators/",
    "/usr/lib/systemd/system-generators/",
    "/usr/lib/systemd/system-shutdown/",
    "/usr/lib/systemd/system-sleep/",
    "/usr/lib/systemd/user-environment-generators/",
    "/usr/lib/systemd/user-generators/",
    "/usr/local/lib/systemd/system-environment-generators/",
    "/usr/local/lib/systemd/system-generators/",
    "/usr/local/lib/systemd/system-shutdown/",
    "/usr/local/lib/systemd/system-sleep/",
    "/usr/local/lib/systemd/user-environment-generators/",
    "/usr/local/lib/systemd/user-generators/",
]);
/// What init runs of old, and OpenRC, runit and upstart.
static RC: TextSet = TextSet::new()
    .starts_with(&[
        "/etc/init.d/",
        "/etc/init/",
        "/etc/local.d/",
        "/etc/rc.d/",
        "/etc/rc0.d/",
        "/etc/rc1.d/",
        "/etc/rc2.d/",
        "/etc/rc3.d/",
        "/etc/rc4.d/",
        "/etc/rc5.d/",
        "/etc/rc6.d/",
        "/etc/rcS.d/",
        "/etc/runit/",
        "/etc/runlevels/",
        "/etc/service/",
        "/etc/sv/",
    ])
    .equals(&[
        "/etc/boot.local",
        "/etc/conf.d/local",
        "/etc/inittab",
        "/etc/rc.common",
        "/etc/rc.local",
        "/etc/rc.conf",
    ]);
/// Scripts that run when a network comes up, power changes, or the machine sleeps.
static HOOKS: TextSet = TextSet::new().starts_with(&[
    "/etc/NetworkManager/dispatcher.d/",
    "/etc/acpi/",
    "/etc/apm/",
    "/etc/dhcp/dhclient-enter-hooks.d/",
    "/etc/dhcp/dhclient-exit-hooks.d/",
    "/etc/network/if-down.d/",
    "/etc/network/if-post-down.d/",
    "/etc/network/if-pre-up.d/",
    "/etc/network/if-up.d/",
    "/etc/network/interfaces",
    "/etc/networkd-dispatcher/",
    "/etc/pm/",
    "/etc/ppp/ip-down.d/",
    "/etc/ppp/ip-up",
    "/etc/resolvconf/update.d/",
    "/etc/wpa_supplicant/functions.sh",
    "/usr/lib/NetworkManager/dispatcher.d/",
    "/usr/lib/pm-utils/",
]);
/// What D-Bus starts when somebody asks for it, and who may ask.
static DBUS: TextSet = TextSet::new()
    .starts_with(&[
        "/etc/dbus-1/",
        "/usr/local/share/dbus-1/",
        "/usr/share/dbus-1/services/",
        "/usr/share/dbus-1/system-services/",
        "/usr/share/dbus-1/system.d/",
    ])
    .contains(&["/.local/share/dbus-1/services/"]);

static UNIT_HABITS: Habits = Habits {
    owners: TextSet::new().equals(&[
        "cloud-init",
        "generate",
        "netplan",
        "snapd",
        "systemd",
        "systemd-executor",
        "systemd-networkd",
    ]),
    editors: TextSet::new().equals(&["deb-systemd-helper", "systemctl"]),
};
static RC_HABITS: Habits = Habits {
    owners: TextSet::new(),
    editors: TextSet::new().equals(&["chkconfig", "insserv", "rc-update", "systemctl", "update-rc.d"]),
};
static HOOK_HABITS: Habits = Habits {
    owners: TextSet::new().equals(&["NetworkManager", "cloud-init", "generate", "ifup", "netplan", "pppd"]),
    editors: TextSet::new().equals(&["nmcli", "nmtui"]),
};

/// Whether systemd reads this as a unit. Trees of files that are put elsewhere have such paths in them, too.
pub(crate) fn is_unit(path: Text<'_>) -> bool {
    UNITS.matches(path) && (in_home(path).is_some() || !(path.contains("/.config/") || path.contains("/.local/")))
}

pub(crate) fn add(r: &mut Rules<Persistence>) {
    let rule = r
        .rule("persistence/systemd-unit-write")
        .summary("A unit of systemd was written: it can run anything at the next start")
        .severity(High)
        .attack("T1543.002")
        .property("maturity", "stable")
        .property(
            "misses",
            "a program that a unit runs already and that is replaced; units in folders that the environment names",
        );
    on_write(rule, &UNITS, |_, change, out| {
        // Timers have a rule of their own.
        if change.paths().any(is_unit) && !change.path.ends_with(".timer") {
            report(change, &UNIT_HABITS, out);
        }
    });

    let rule = r
        .rule("persistence/systemd-generator-write")
        .summary("A program was laid where systemd runs it early at each start, at sleep or at shutdown")
        .severity(High)
        .attack("T1543.002")
        .attack("T1037")
        .property("maturity", "stable")
        .property("misses", "a generator that is there and runs what was replaced");
    on_write(rule, &GENERATORS, |_, change, out| {
        report(change, &UNIT_HABITS, out);
    });

    let rule = r
        .rule("persistence/rc-script-write")
        .summary("A script was written that runs when the machine starts")
        .severity(High)
        .attack("T1037.004")
        .property("maturity", "stable")
        .property("misses", "scripts that such a script runs in turn");
    on_write(rule, &RC, |_, change, out| {
        report(change, &RC_HABITS, out);
    });

    let rule = r
        .rule("persistence/event-script-write")
        .summary("A script was written that runs when a network comes up, power changes or the machine sleeps")
        .severity(High)
        .attack("T1546")
        .attack("T1037")
        .property("maturity", "stable")
        .property("misses", "hooks of other programs");
    on_write(rule, &HOOKS, |_, change, out| {
        report(change, &HOOK_HABITS, out);
    });

    let rule = r
        .rule("persistence/dbus-service-write")
        .summary("A service of D-Bus was written: it is started, often as root, by whoever asks for it")
        .severity(High)
        .attack("T1543")
        .attack("T1546")
        .property("maturity", "incubating")
        .property("misses", "services elsewhere on the path of a session's data folders");
    on_write(rule, &DBUS, |_, change, out| {
        if !change.path.contains("/.local/") || in_home(change.path).is_some() {
            report(change, &NOBODY, out);
        }
    });
}
