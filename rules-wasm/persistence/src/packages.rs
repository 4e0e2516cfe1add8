//! What package managers believe: where packages come from, and what is installed.

use common::changes::on_write;
use lanner_sdk::prelude::*;

use crate::Persistence;
use crate::who::{Habits, report};

/// Where packages come from, and by which keys they are believed.
static SOURCES: TextSet = TextSet::new()
    .equals(&["/etc/apk/repositories", "/etc/apt/sources.list", "/etc/pacman.conf", "/etc/pacman.d/mirrorlist"])
    .starts_with(&[
        "/etc/apk/keys/",
        "/etc/apt/sources.list.d/",
        "/etc/apt/trusted.gpg",
        "/etc/pki/rpm-gpg/",
        "/etc/yum.repos.d/",
        "/etc/zypp/repos.d/",
    ]);
/// What is installed, and the sums of its files.
static INSTALLED: TextSet = TextSet::new().equals(&["/lib/apk/db/installed", "/var/lib/dpkg/status"]).starts_with(&[
    "/usr/lib/sysimage/rpm/",
    "/var/lib/pacman/local/",
    "/var/lib/rpm/",
]);
/// What everybody takes who only looks.
static LOCKS: TextSet = TextSet::new().ends_with(&[".lock", "-shm", "-wal"]);

static SOURCE_HABITS: Habits = Habits {
    owners: TextSet::new().equals(&["extrepo", "rhsmcertd-worker", "subscription-manager"]),
    editors: TextSet::new().equals(&["add-apt-repository", "apt-key", "zypper"]),
};
static DATABASE_HABITS: Habits = Habits {
    owners: TextSet::new().equals(&["packagekitd", "pamac-daemon", "rpmdb", "rpmdb_verify", "unattended-upgrade"]),
    editors: TextSet::new(),
};

pub(crate) fn add(r: &mut Rules<Persistence>) {
    let rule = r
        .rule("persistence/package-source-write")
        .summary("Where packages come from was changed, or the keys by which they are believed")
        .severity(Low)
        .attack("T1195.002")
        .property("maturity", "incubating")
        .property("misses", "sources that are given on a command line, and those of languages (pip, npm)");
    on_write(rule, &SOURCES, |_, change, out| {
        report(change, &SOURCE_HABITS, out);
    });

    let rule = r
        .rule("persistence/package-database-write")
        .summary("What the package manager believes to be installed was changed by something else: so a changed file passes its check")
        .severity(Medium)
        .attack("T1554")
        .property("maturity", "incubating")
        .property("misses", "package managers that are told to do so themselves");
    on_write(rule, &INSTALLED, |_, change, out| {
        if !LOCKS.matches(change.path) {
            report(change, &DATABASE_HABITS, out);
        }
    });
}
