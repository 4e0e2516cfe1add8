//! What sudo, doas and polkit allow, and how that is bent.

use common::changes::{Change, on_write};
use common::command::{Command, called, shells};
use common::context::is_configuration_management;
use common::escape::granted_shell_host;
use common::outcome::Outcome;
use common::programs::{is_installed, is_package_management, is_world_writable, label};
use lanner_sdk::prelude::*;

use crate::PrivilegeEscalation;

/// Says who may become root by sudo or doas.
static SUDOERS: TextSet = TextSet::new().starts_with(&[
    "/etc/doas.conf",
    "/etc/doas.d/",
    "/etc/sudoers",
    "/usr/local/etc/doas.conf",
    "/usr/local/etc/sudoers",
]);
/// What people change the list of sudoers with.
static SUDOERS_EDITORS: TextSet = TextSet::new().equals(&["visudo", "vidoas"]);
/// Agents of clouds that set up machines and their users.
static CLOUD_AGENTS: TextSet = TextSet::new().equals(&["cloud-init", "google_guest_agent", "waagent"]);
/// Says what polkit allows.
static POLKIT: TextSet = TextSet::new().starts_with(&[
    "/etc/polkit-1/",
    "/usr/share/polkit-1/actions/",
    "/usr/local/share/polkit-1/",
    "/usr/share/polkit-1/rules.d/",
    "/var/lib/polkit-1/",
]);
static POLKIT_OWNERS: TextSet = TextSet::new().equals(&["polkitd", "systemd-tmpfiles"]);
/// Where sudo remembers who has given his password.
static TIMESTAMPS: TextSet =
    TextSet::new().starts_with(&["/run/sudo/", "/var/db/sudo/", "/var/lib/sudo/", "/var/run/sudo/"]);
static SUDO: TextSet = TextSet::new().equals(&["sudo", "sudo-rs", "systemd-tmpfiles"]);
const SUDO_TOOLS: [&str; 3] = ["sudo", "sudo-rs", "sudoedit"];
static SUDO_NAMES: TextSet = TextSet::new().equals(&SUDO_TOOLS);
/// Options of sudo that are followed by a word that is theirs.
const WITH_VALUE: &[u8] = b"CDRTUghprtu";
/// Variables by which a program can be made to run something else, if sudo lets them through.
static DANGEROUS: TextSet = TextSet::new().starts_with(&[
    "BASH_ENV=",
    "ENV=",
    "LD_AUDIT=",
    "LD_LIBRARY_PATH=",
    "LD_PRELOAD=",
    "PERL5LIB=",
    "PERL5OPT=",
    "PYTHONPATH=",
    "PYTHONSTARTUP=",
    "RUBYLIB=",
]);

pub(crate) fn add(r: &mut Rules<PrivilegeEscalation>) {
    let rule = r
        .rule("privilege-escalation/sudoers-write")
        .summary("Who may become root was changed")
        .severity(Critical)
        .attack("T1548.003")
        .property("maturity", "stable")
        .property(
            "misses",
            "Files that sudoers includes from elsewhere; users who are put into a group that may already",
        );
    on_write(rule, &SUDOERS, |_, change, out| rules_written(change, &SUDOERS_EDITORS, &CLOUD_AGENTS, out))
        .only(chmod::path().matches(&SUDOERS).and(chmod::mode().any(0o022)))
        .on_chmod(|_, e, out| {
            let outcome = Outcome::of_result(e.result());
            let Some(verb) = outcome.verb("made", "tried to make") else { return };
            if !is_package_management(&e.process()) {
                let message = format!("{} {verb} {} writable (mode {:04o})", label(&e.process()), e.path(), e.mode());
                let finding = out.finding(message).fact("path", e.path());
                if let Some(severity) = outcome.severity() {
                    finding.severity(severity);
                }
            }
        });

    let rule = r
        .rule("privilege-escalation/polkit-write")
        .summary("What polkit allows was changed: it lets users act as root without a password")
        .severity(High)
        .attack("T1548")
        .attack("T1556")
        .property("maturity", "stable")
        .property("misses", "Rules of a service that asks polkit and decides by itself");
    on_write(rule, &POLKIT, |_, change, out| rules_written(change, &SUDOERS_EDITORS, &POLKIT_OWNERS, out));

    let rule = r
        .rule("privilege-escalation/sudo-timestamp-write")
        .summary("What sudo remembers of passwords that were given was forged")
        .severity(High)
        .attack("T1548.003")
        .property("maturity", "stable")
        .property("misses", "Use of a session in which the password was given a moment ago");
    on_write(rule, &TIMESTAMPS, |_, change, out| rules_written(change, &SUDOERS_EDITORS, &SUDO, out));

    r.rule("privilege-escalation/sudo-shell-escape")
        .summary("A program that somebody may run by sudo started a shell: he has all that root has")
        .severity(High)
        .attack("T1548.003")
        .attack("T1059.004")
        .property("maturity", "stable")
        .property(
            "misses",
            "Commands that are given with the shell, and files that are read or written through such a program",
        )
        .only(shells())
        .on_exec(|_, e, out| {
            if let Some(host) = granted_shell_host(e) {
                let image = e.image();
                let finding = out
                    .finding(format!("{} started {}, allowed by sudo", host.command_line(), image.command_line()))
                    .field("through", label(&host));
                if image.euid() != 0 {
                    finding.severity(Medium);
                }
            }
        });

    r.rule("privilege-escalation/sudo-exploit")
        .summary("sudo was called in a way that only makes sense against a hole in it")
        .severity(Critical)
        .attack("T1068")
        .attack("T1548.003")
        .property("maturity", "stable")
        .property("misses", "Holes that are not known yet")
        .only(called(&SUDO_TOOLS))
        .on_exec(|_, e, out| {
            let image = e.image();
            if !SUDO_NAMES.matches(image.name()) {
                return;
            }
            if let Some(why) = exploits(&image) {
                out.finding(format!("{} ran {}: {why}", label(&e.process()), image.command_line()));
            }
        });

    r.rule("privilege-escalation/sudo-environment")
        .summary("sudo was asked to run a program with a library or a start file of somebody's own")
        .severity(High)
        .attack("T1548.003")
        .attack("T1574.006")
        .property("maturity", "stable")
        .property("misses", "Variables that sudo keeps by itself (env_keep)")
        .only(called(&SUDO_TOOLS))
        .on_exec(|_, e, out| {
            let image = e.image();
            if SUDO_NAMES.matches(image.name())
                && let Some(variable) = sudo_words(&image).1.iter().find(|word| DANGEROUS.matches(**word))
            {
                out.finding(format!("{} ran sudo with {variable}", label(&e.process())));
            }
        });

    r.rule("privilege-escalation/sudo-listing")
        .summary("A program asked what its user may do by sudo")
        .severity(Medium)
        .attack("T1548.003")
        .attack("T1033")
        .property("maturity", "incubating")
        .property("misses", "Reading the list of sudoers itself, and simply trying")
        .only(called(&SUDO_TOOLS))
        .on_exec(|_, e, out| {
            let image = e.image();
            if image.name() != "sudo" || !sudo_words(&image).0.contains(&b'l') {
                return;
            }
            let finding = out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
            // Who sits there may ask what he may.
            if image.tty().is_some() || is_configuration_management(&image) {
                finding.severity(Low);
            }
        });
}

/// `editors` do nothing but this, and are worth a line, no more; for `owners` it is daily work.
fn rules_written(change: &Change<'_>, editors: &TextSet, owners: &TextSet, out: &mut Out<'_>) {
    let process = &change.process;
    if is_installed(process, owners) || is_package_management(process) {
        return;
    }
    let Some(verb) = change.verb() else { return };
    let finding = out
        .finding(format!("{} {verb}: {}", label(process), change.path))
        .fact("path", change.path)
        .key(change.path.to_string());
    // visudo has an editor write a file beside it.
    let edited = is_installed(process, editors) || process.ancestors().any(|each| is_installed(&each, editors));
    let expected = edited || is_configuration_management(process);
    if let Some(severity) = expected.then_some(Low).or(change.outcome.severity()) {
        finding.severity(severity);
    }
}

/// Letters of the options that sudo itself was given, and the words before the command that set variables, or the command.
fn sudo_words<'a>(sudo: &Process<'a>) -> (Vec<u8>, Vec<Text<'a>>) {
    let mut letters = Vec::new();
    let mut words = Vec::new();
    let mut args = sudo.args().skip(1);
    while let Some(arg) = args.next() {
        let bytes = arg.as_bytes();
        if arg == "--list" {
            letters.push(b'l');
        } else if arg == "--" || arg.starts_with("--") {
            continue;
        } else if let Some(given) = bytes.strip_prefix(b"-") {
            letters.extend_from_slice(given);
            if given.last().is_some_and(|letter| WITH_VALUE.contains(letter)) {
                args.next();
            }
        } else if bytes.contains(&b'=') && words.len() < 16 {
            words.push(arg);
        } else {
            break;
        }
    }
    (letters, words)
}

/// Which hole this call of sudo is made for.
fn exploits(sudo: &Process<'_>) -> Option<&'static str> {
    let args: Vec<Text<'_>> = sudo.args().skip(1).collect();
    let called = sudo.args().next().unwrap_or_default().file_name();
    let letters = sudo_words(sudo).0;
    let shell = letters.contains(&b's') || letters.contains(&b'i');
    if (called == "sudoedit" || letters.contains(&b'e')) && shell && args.iter().any(|arg| arg.ends_with("\\")) {
        return Some("a backslash at the end of an argument overflows a buffer (CVE-2021-3156)");
    }
    let command = Command::of(sudo);
    if command.value('u', "user").is_some_and(|user| user.one_of(&["#-1", "#4294967295"])) {
        return Some("a user id that is taken for root (CVE-2019-14287)");
    }
    let root = args.iter().position(|arg| arg.one_of(&["-R", "--chroot"])).and_then(|at| args.get(at + 1).copied());
    let root = root.or_else(|| command.value('R', "chroot"));
    if root.is_some_and(|root| is_world_writable(root) || !root.starts_with("/")) && letters.contains(&b'R') {
        return Some("a root folder of the user's own, whose libraries sudo loads (CVE-2025-32463)");
    }
    None
}
