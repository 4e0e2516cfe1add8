//! Links that lead to what is secret: a program that follows links by their names, and may read more than whoever made them, reads
//! it for him.

use common::context::{is_configuration_management, is_container_runtime, is_interactive};
use common::programs::{is_package_management, is_world_writable, label};
use lanner_sdk::prelude::*;

use crate::CredentialAccess;

/// What says who may become root and how logins are checked. Password hashes have a rule of their own.
static SETTINGS: TextSet = TextSet::new()
    .equals(&["/etc/pam.conf", "/etc/security/pwquality.conf", "/etc/sudoers"])
    .starts_with(&["/etc/pam.d/", "/etc/sudoers.d/"]);
/// Trees in which secrets of all kinds lie.
static TREES: TextSet = TextSet::new().equals(&["/", "/etc", "/etc/", "/home", "/home/", "/root", "/root/"]);
/// Where servers have what they show to everybody.
static SHOWN: TextSet = TextSet::new().starts_with(&["/srv/", "/usr/share/nginx/", "/var/ftp/", "/var/www/"]);
/// Where links to all of a machine are in order: drives of Wine, roots of other systems, of which the host's is one.
static IN_ORDER: TextSet = TextSet::new().contains(&["/dosdevices/", "/rootfs/", "/sysroot/"]);

pub(crate) fn add(r: &mut Rules<CredentialAccess>) {
    r.rule("credential-access/link-to-secret")
        .summary("A link was made to secrets, or to a tree full of them, so that another program reads them by it")
        .severity(Medium)
        .attack("T1552.001")
        .attack("T1005")
        .property("maturity", "incubating")
        .property(
            "misses",
            "links that lead there by a way of their own (`../../etc`), and those to single files of a home",
        )
        .only(symlink::target().matches(&SETTINGS).or(symlink::target().matches(&TREES)))
        .on_symlink(|_, e, out| {
            let process = e.process();
            if !e.failed() && !IN_ORDER.matches(e.path()) {
                linked(&process, e.path(), e.target(), out);
            }
        })
        .unfiltered()
        .only(link::old_path().matches(&SETTINGS))
        .on_link(|_, e, out| {
            if !e.failed() {
                linked(&e.process(), e.new_path(), e.old_path(), out);
            }
        });
}

fn linked(process: &Process<'_>, link: Text<'_>, to: Text<'_>, out: &mut Out<'_>) {
    if is_package_management(process) || is_container_runtime(process) || is_configuration_management(process) {
        return;
    }
    // Whoever links a tree by hand into his own folder wants to find it there. Where a server or another user looks, it is
    // shown to them.
    let is_shown = SHOWN.matches(link) || is_world_writable(link) || SETTINGS.matches(to);
    let severity = if is_shown || !is_interactive(process) { Medium } else { Low };
    out.finding(format!("{} made {link} lead to {to}", label(process)))
        .fact("path", link.to_string())
        .fact("target", to.to_string())
        .key(to.to_string())
        .severity(severity);
}
