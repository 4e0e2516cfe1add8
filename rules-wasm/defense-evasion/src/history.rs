//! What shells remember of what was typed: emptied, or never written.

use common::changes::{Deed, on_change};
use common::command::{commands, shell_text, shells};
use common::context::is_backup;
use common::programs::{is_package_management, is_shell, label};
use lanner_sdk::prelude::*;

use crate::DefenseEvasion;

/// What shells and other programs remember of what was typed.
static HISTORIES: TextSet = TextSet::new().ends_with(&[
    "/.ash_history",
    "/.bash_history",
    "/.histfile",
    "/.history",
    "/.ksh_history",
    "/.lesshst",
    "/.local/share/fish/fish_history",
    "/.mysql_history",
    "/.node_repl_history",
    "/.psql_history",
    "/.python_history",
    "/.rediscli_history",
    "/.sh_history",
    "/.sqlite_history",
    "/.viminfo",
    "/.wget-hsts",
    "/.zhistory",
    "/.zsh_history",
]);
/// Settings by which a shell remembers nothing. They are inherited by what it runs.
static FORGETFUL: [(&str, &[&str]); 5] = [
    ("HISTFILE", &["/dev/null", ""]),
    ("HISTSIZE", &["0"]),
    ("HISTFILESIZE", &["0"]),
    ("SAVEHIST", &["0"]),
    ("HISTIGNORE", &["*"]),
];
/// Users that are removed take their histories with them.
static REMOVERS: TextSet = TextSet::new().equals(&["deluser", "userdel", "systemd-tmpfiles"]);

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    // A shell itself replaces its history by a new file; it never empties the one that is there.
    let rule = r
        .rule("defense-evasion/history-clearing")
        .summary("The history of a shell, or of a program with commands, was emptied, removed or led to nowhere")
        .severity(High)
        .attack("T1070.003")
        .attack("T1562.003")
        .property("maturity", "stable")
        .property("misses", "Histories under a name of their own, and single lines that an editor takes out");
    on_change(rule, &HISTORIES, |_, change, out| {
        let process = &change.process;
        // A program writes its own anew, and moves it into place; so do editors.
        let own = change.deed == Deed::Replaced && !change.outcome.eq(&common::outcome::Outcome::Denied);
        let cut = change.deed == Deed::Resized;
        let regular = change.deed == Deed::Emptied && !is_shell_history(change.path) && !is_cleaner(process);
        let users = common::programs::is_installed(process, &REMOVERS)
            || process.ancestors().take(3).any(|each| common::programs::is_installed(&each, &REMOVERS));
        let overwrites = change.deed == Deed::Opened && !change.appends && is_overwriter(process);
        if !change.is_loss() && !overwrites {
            return;
        }
        let replaced = own && change.other.starts_with(change.path.as_bytes());
        if regular || users || (own && (replaced || is_shell(process))) || is_package_management(process) {
            return;
        }
        if cut && is_shell(process) && change.size != Some(0) {
            return;
        }
        let Some(verb) = change.verb() else { return };
        let finding = out
            .finding(format!("{} {verb} {}", label(process), change.path))
            .fact("path", change.path)
            .key(change.path.to_string());
        let milder = is_backup(process) || !is_shell_history(change.path) || change.deed == Deed::Replaced;
        // Elsewhere it is a copy of a home: a backup, or somebody's test.
        let of_home = change.path.starts_with("/home/") || change.path.starts_with("/root/");
        let milder = if of_home { milder.then_some(Medium) } else { Some(Low) };
        if let Some(severity) = change.outcome.severity().or(milder) {
            finding.severity(severity);
        }
    });

    r.rule("defense-evasion/history-off")
        .summary("A shell was told not to remember what is typed, or to forget it")
        .severity(Medium)
        .attack("T1562.003")
        .attack("T1070.003")
        .property("maturity", "stable")
        .property(
            "misses",
            "What is typed, or stands in a script, where no program is started after it or the setting is not exported",
        )
        .only(exec::image::environment().contains(FORGETFUL.map(|(name, _)| format!("{name}="))))
        .on_exec(|_, e, out| {
            let image = e.image();
            let setting = FORGETFUL.iter().find_map(|(name, values)| {
                let value = image.env(name);
                (value.is_known() && value.one_of(values)).then_some((name, value))
            });
            // Once, where it begins: who inherits it says nothing new.
            let inherited = || FORGETFUL.iter().any(|(name, values)| inherits(&e.process(), name, values));
            if let Some((name, value)) = setting.filter(|_| !inherited()) {
                out.finding(format!("{} runs {} with {name}={value}", label(&e.process()), image.name()));
            }
        })
        .unfiltered()
        .only(shells())
        .on_exec(|_, e, out| {
            let image = e.image();
            let Some(text) = shell_text(&image) else { return };
            if !text.contains("HIST") && !text.contains("history") {
                return;
            }
            if let Some(command) = commands(text).iter().find(|command| forgets(command)) {
                let shown = Text::new(&command.join(&b' ')).to_string();
                out.finding(format!("{} has {} do: {shown}", label(&e.process()), image.name()));
            }
        });
}

fn inherits(process: &Process<'_>, name: &str, values: &[&str]) -> bool {
    let value = process.env(name);
    value.is_known() && value.one_of(values)
}

fn is_shell_history(path: Text<'_>) -> bool {
    let name = path.file_name();
    name.ends_with("sh_history") || name.one_of(&[".history", ".histfile", ".zhistory", "fish_history"])
}

/// Whether it is a tool for files in general, a shell too: what others empty is their own.
fn is_cleaner(process: &Process<'_>) -> bool {
    is_shell(process) || process.name().one_of(&["busybox", "cp", "dd", "rm", "shred", "tee", "truncate", "unlink"])
}

fn is_overwriter(process: &Process<'_>) -> bool {
    process.name().one_of(&["dd", "shred"])
}

/// Whether a command of a shell has it forget: its words, without quotes.
fn forgets(command: &[Vec<u8>]) -> bool {
    let words: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
    let has = |word: &[u8]| words.contains(&word);
    let setting = |word: &&[u8]| {
        let Some(at) = word.iter().position(|byte| *byte == b'=') else { return false };
        let (name, value) = word.split_at(at);
        let value = Text::new(value.get(1..).unwrap_or_default());
        let off = FORGETFUL.iter().any(|(known, values)| known.as_bytes() == name && value.one_of(values));
        off || (name == b"HISTCONTROL" && (value.contains("ignorespace") || value.contains("ignoreboth")))
            || (name == b"HISTFILE" && value.starts_with("/dev/"))
    };
    match words.first() {
        Some(&b"history") => has(b"-c") || has(b"-d") || has(b"-cw") || has(b"-wc"),
        Some(&b"unset") => has(b"HISTFILE") || has(b"HISTSIZE") || has(b"SAVEHIST"),
        Some(&b"set") => has(b"+o") && has(b"history"),
        Some(&b"shopt") => has(b"-u") && has(b"cmdhist"),
        Some(_) => words.iter().any(setting),
        None => false,
    }
}
