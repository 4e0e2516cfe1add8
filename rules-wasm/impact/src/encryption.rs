//! Files that are made unreadable to their owners: by a tool, or one after another by whatever does so.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use common::command::{Command, Syntax, called, line};
use common::context::{is_backup, is_build, is_ci};
use common::programs::{is_package_management, label};
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::Impact;

const ACTORS: usize = 256;
const KEEP: Duration = Duration::from_secs(30);
/// Files that got the same new ending in half a minute.
const RENAMED: u32 = 8;
/// Documents that were written over in place.
const OVERWRITTEN: u32 = 15;
/// New files beside others whose originals then went away.
const REPLACED: u32 = 8;
/// Files that one actor has in hand.
const IN_HAND: usize = 128;

/// Endings that files get every day.
static EVERYDAY: TextSet = TextSet::new()
    .equals(&[
        ".0",
        ".1",
        ".backup",
        ".bak",
        ".br",
        ".bz2",
        ".cfg",
        ".crdownload",
        ".dpkg-dist",
        ".dpkg-new",
        ".dpkg-old",
        ".dpkg-tmp",
        ".gz",
        ".json",
        ".lck",
        ".lock",
        ".log",
        ".lz4",
        ".map",
        ".md5",
        ".new",
        ".o",
        ".old",
        ".orig",
        ".part",
        ".partial",
        ".pyc",
        ".rej",
        ".rpmnew",
        ".rpmsave",
        ".save",
        ".sha256",
        ".sig",
        ".asc",
        ".so",
        ".swp",
        ".tar",
        ".temp",
        ".tmp",
        ".ucf-dist",
        ".ucf-old",
        ".ucf-new",
        ".xz",
        ".zst",
        ".zip",
        ".disabled",
        ".d",
        ".py",
        ".txt",
        ".html",
        ".min",
        ".js",
        ".css",
        ".deb",
        ".jpg",
        ".png",
        ".webp",
        ".pdf",
        "~",
        ".done",
        ".processed",
        ".h",
        ".c",
        ".a",
    ])
    .starts_with(&[".1", ".2", ".20", ".3", ".4", ".5", ".6", ".7", ".8", ".9", "-", ".so.", ".tmp", ".cpython"]);
/// How documents end.
pub(crate) static DOCUMENTS: TextSet = TextSet::new().ends_with(&[
    ".7z", ".accdb", ".bak", ".bmp", ".csv", ".db", ".dbf", ".doc", ".docx", ".dump", ".dwg", ".eml", ".gif", ".jpeg",
    ".jpg", ".kdbx", ".mdb", ".mdf", ".mkv", ".mov", ".mp3", ".mp4", ".odp", ".ods", ".odt", ".ova", ".pdf", ".png",
    ".ppt", ".pptx", ".psd", ".pst", ".qcow2", ".rar", ".rtf", ".sql", ".sqlite", ".sqlite3", ".tar", ".tar.gz",
    ".tgz", ".txt", ".vdi", ".vmdk", ".vmx", ".wav", ".xls", ".xlsx", ".zip",
]);
/// Of these, those that nobody makes to throw away: what of a working tree in a temporary folder is worth a look.
static KEPT: TextSet = TextSet::new().ends_with(&[
    ".accdb", ".doc", ".docx", ".dwg", ".eml", ".kdbx", ".mdb", ".odp", ".ods", ".odt", ".pdf", ".ppt", ".pptx",
    ".psd", ".pst", ".qcow2", ".vmdk", ".vmx", ".xls", ".xlsx",
]);

/// How notes to those who have lost their files are called, in lower case.
static NOTES: TextSet = TextSet::new().contains(&[
    "_readme.txt",
    "decrypt_instruction",
    "decrypt_my_files",
    "decrypt_your_files",
    "decryption_info",
    "files_encrypted",
    "how_to_back_files",
    "how_to_decrypt",
    "how_to_recover",
    "how_to_restore",
    "how-to-decrypt",
    "how-to-recover",
    "how to decrypt",
    "how to recover",
    "how to restore",
    "howtodecrypt",
    "instructions_read_me",
    "ransom_note",
    "ransomnote",
    "ransom.txt",
    "ransom_",
    "read_me_now",
    "read_me_to_decrypt",
    "readme_decrypt",
    "readme_for_decrypt",
    "readme-decrypt",
    "readme_to_decrypt",
    "recover-files",
    "recover_files",
    "recover-your-files",
    "recover_your_files",
    "restore-my-files",
    "restore_files",
    "restore-files",
    "restore_your_files",
    "unlock_files",
    "your_files_are",
    "!!!readme",
    "!readme!",
    "decrypt-files",
    "decrypt_files",
    "!!!how",
]);
/// Tools that encrypt.
const TOOLS: [&str; 12] =
    ["openssl", "gpg", "gpg2", "ccrypt", "ccencrypt", "age", "aescrypt", "mcrypt", "scrypt", "bcrypt", "7z", "rage"];

/// Who changes files how.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Changes {
    actors: Recent<u64, Actor>,
    notes: Recent<u64, u32>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Actor {
    /// New endings that files got by a rename, and how many.
    endings: BTreeMap<String, u32>,
    /// Files that got a new one beside them.
    copies: BTreeSet<Vec<u8>>,
    replaced: u32,
    overwritten: BTreeSet<Vec<u8>>,
    is_told: bool,
}

impl Default for Changes {
    fn default() -> Self {
        Self { actors: Recent::new(ACTORS, KEEP), notes: Recent::new(ACTORS, KEEP) }
    }
}

impl Changes {
    pub(crate) fn with_limits(self) -> Self {
        Self { actors: self.actors.with_limits(ACTORS, KEEP), notes: self.notes.with_limits(ACTORS, KEEP) }
    }

    fn actor(&mut self, now: u64, process: &Process<'_>) -> Option<&mut Actor> {
        let key = actor(process);
        if self.actors.get(now, &key).is_none() {
            self.actors.insert(now, key, Actor::default());
        }
        self.actors.get_mut(now, &key)
    }
}

/// Whether what comes out goes where backups lie, which are better encrypted.
fn goes_to_backups(args: &[Text<'_>]) -> bool {
    let output = args.iter().zip(args.iter().skip(1)).find(|(option, _)| option.one_of(&["-o", "--output", "-out"]));
    output.is_some_and(|(_, path)| path.contains("/backup") && !common::programs::is_world_writable(*path))
}

/// Who is behind a change: a tool that is started for each file is not, who starts it is.
pub(crate) fn actor(process: &Process<'_>) -> u64 {
    static EACH: TextSet = TextSet::new().equals(&[
        "mv",
        "rm",
        "cp",
        "openssl",
        "gpg",
        "gpg2",
        "ccrypt",
        "ccencrypt",
        "age",
        "shred",
        "zip",
        "7z",
        "7za",
        "dd",
        "tee",
        "unlink",
        "busybox",
        "aescrypt",
        "truncate",
        "srm",
        "wipe",
        "mcrypt",
        "xxd",
        "base64",
        "sh",
        "bash",
        "dash",
    ]);
    match process.parent() {
        Some(parent) if EACH.matches(process.name()) => {
            // A subshell is forked for a redirection or a pipe.
            parent.id()
        }
        _ => process.id(),
    }
}

pub(crate) fn add(r: &mut Rules<Impact>) {
    r.rule("impact/encrypted-by-tool")
        .summary(
            "A file was encrypted by a tool, with a password or a key that stands on the command line or in a file",
        )
        .severity(Medium)
        .attack("T1486")
        .attack("T1560.001")
        .property("maturity", "incubating")
        .property("misses", "programs that encrypt by themselves: many files at once are another rule's")
        .only(called(&TOOLS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let says = |words: &[&str]| args.iter().any(|arg| arg.one_of(words));
            let starts = |parts: &[&str]| args.iter().any(|arg| parts.iter().any(|part| arg.starts_with(part)));
            let first = args.first().copied().unwrap_or_default();
            let encrypts = match () {
                () if name == "openssl" => {
                    let is_cipher = first == "enc"
                        || first.starts_with("aes-")
                        || first.starts_with("aes2")
                        || first.starts_with("aes1")
                        || first.starts_with("des")
                        || first.starts_with("chacha")
                        || first.starts_with("camellia")
                        || first.starts_with("bf")
                        || first.starts_with("rc4");
                    let by_key = first.one_of(&["rsautl", "pkeyutl", "smime", "cms"]) && says(&["-encrypt"]);
                    let only_encodes = first == "enc"
                        && says(&["-base64", "-a", "-A"])
                        && !starts(&["-aes", "-des", "-chacha", "-camellia", "-bf", "-rc4"]);
                    (is_cipher && !says(&["-d", "-help"]) && !only_encodes) || by_key
                }
                () if name.starts_with("gpg") => {
                    let call = Command::of(&image).options(&Syntax::new(
                        "ropu",
                        &[
                            "output",
                            "passphrase",
                            "passphrase-fd",
                            "passphrase-file",
                            "cipher-algo",
                            "recipient",
                            "pinentry-mode",
                        ],
                    ));
                    call.has(&["c", "symmetric"])
                        || (call.has(&["e", "encrypt"]) && call.has(&["batch", "yes", "trust-model", "always-trust"]))
                }
                () if name.starts_with("cc") => !says(&["-d", "--decrypt", "--version", "--help"]),
                () if name.one_of(&["age", "rage"]) => says(&["-r", "-R", "-p", "-e", "--encrypt", "--passphrase"]),
                () if name.starts_with("7z") => false,
                () => name.one_of(&TOOLS) && says(&["-e", "enc"]),
            };
            if encrypts {
                let finding = out.finding(format!("{} encrypts a file", line(&image)));
                let is_routine = image.tty().is_some() || is_backup(&image) || is_ci(&image) || is_build(&image);
                if is_routine || goes_to_backups(&args) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("impact/many-files-renamed")
        .summary("One file after another got the same new ending, as ransomware leaves them")
        .severity(High)
        .attack("T1486")
        .property("maturity", "stable")
        .property("misses", "files that keep their names, and endings of every day")
        .property("cost", "asked for every rename of a file")
        .on_rename(|pack, e, out| {
            let process = e.process();
            let Some(ending) = ending(e.old_path(), e.new_path()) else { return };
            if e.failed() || is_expected(&process) || EVERYDAY.matches(ending) || e.new_path().starts_with("/usr/") {
                return;
            }
            let Some(actor) = pack.encryption.actor(e.time(), &process) else { return };
            if actor.endings.len() >= IN_HAND {
                return;
            }
            let count = actor.endings.entry(Text::new(ending).to_string()).or_default();
            *count += 1;
            if *count >= RENAMED && !std::mem::replace(&mut actor.is_told, true) {
                out.finding(format!("{} gave {RENAMED} files the ending {}", label(&process), Text::new(ending)))
                    .field("ending", Text::new(ending))
                    .fact("path", e.new_path());
            }
        });

    r.rule("impact/many-files-replaced")
        .summary("One file after another was replaced by one beside it, and went away, as ransomware does it")
        .severity(High)
        .attack("T1486")
        .attack("T1485")
        .property("maturity", "stable")
        .property("misses", "copies in another folder, and endings of every day")
        .property("cost", "asked for every file that is created where people and services keep theirs, and for every one that is removed there")
        .only(open::created().is(true).and(open::path().starts_with(["/home/", "/root/", "/srv/", "/var/", "/tmp/", "/mnt/", "/opt/", "/data/", "/media/", "/etc/", "/export/", "/dev/shm/"])))
        .on_open(|pack, e, _| {
            let process = e.process();
            let path = e.path().as_bytes();
            // `report.pdf.enc` beside `report.pdf`.
            let Some(dot) = path.iter().rposition(|byte| *byte == b'.') else { return };
            let Some(slash) = path.iter().rposition(|byte| *byte == b'/') else { return };
            let (original, ending) = path.split_at(dot);
            let has_ending = original.get(slash + 1..).is_some_and(|name| name.contains(&b'.'));
            if e.failed() || !has_ending || EVERYDAY.matches(ending) || is_expected(&process) {
                return;
            }
            let Some(actor) = pack.encryption.actor(e.time(), &process) else { return };
            if actor.copies.len() < IN_HAND {
                actor.copies.insert(original.to_vec());
            }
        })
        .unfiltered()
        .only(unlink::path().starts_with(["/home/", "/root/", "/srv/", "/var/", "/tmp/", "/mnt/", "/opt/", "/data/", "/media/", "/etc/", "/export/", "/dev/shm/"]))
        .on_unlink(|pack, e, out| {
            let process = e.process();
            let key = actor(&process);
            let Some(actor) = pack.encryption.actors.get_mut(e.time(), &key) else { return };
            if e.failed() || !actor.copies.remove(e.path().as_bytes()) {
                return;
            }
            actor.replaced += 1;
            if actor.replaced >= REPLACED && !std::mem::replace(&mut actor.is_told, true) {
                out.finding(format!("{} put others in the place of {REPLACED} files", label(&process))).fact("path", e.path());
            }
        });

    r.rule("impact/many-files-overwritten")
        .summary("One document after another was written over in place")
        .severity(Medium)
        .attack("T1486")
        .attack("T1485")
        .property("maturity", "incubating")
        .property("misses", "files that do not end as documents do")
        .only(open::flags().any(3_u32).and(open::created().is(false)))
        .only(open::path().matches(&DOCUMENTS))
        .on_open(|pack, e, out| {
            let process = e.process();
            let path = e.path();
            if e.failed()
                || e.appends()
                || is_expected(&process)
                || is_keeper(&process)
                || path.starts_with("/usr/")
                || !is_missed(path)
            {
                return;
            }
            let Some(actor) = pack.encryption.actor(e.time(), &process) else { return };
            if actor.overwritten.len() < IN_HAND {
                actor.overwritten.insert(path.as_bytes().to_vec());
            }
            if actor.overwritten.len() as u32 >= OVERWRITTEN && !std::mem::replace(&mut actor.is_told, true) {
                out.finding(format!("{} wrote over {OVERWRITTEN} documents", label(&process))).fact("path", path);
            }
        });

    r.rule("impact/ransom-note")
        .summary("A note was left that tells somebody how to get his files back")
        .severity(High)
        .attack("T1486")
        .attack("T1491.001")
        .property("maturity", "stable")
        .property("misses", "notes that are called otherwise")
        .only(open::created().is(true))
        .only(open::path().ends_with([
            ".txt", ".TXT", ".html", ".hta", ".HTML", ".md", "DECRYPT", "RESTORE", "README", ".note", ".log",
        ]))
        .on_open(|_, e, out| {
            let process = e.process();
            let path = e.path();
            let name = path.file_name().as_bytes().to_ascii_lowercase();
            if e.failed() || !NOTES.matches(name.as_slice()) || path.starts_with("/usr/") || is_expected(&process) {
                return;
            }
            // The name of an ordinary file as well.
            let is_weak = name.starts_with(b"_readme") || name.starts_with(b"restore_") || name.starts_with(b"recover");
            let finding = out.finding(format!("{} left {path}", label(&process))).fact("path", path);
            if is_weak {
                finding.severity(Medium);
            }
        });
}

/// Whether somebody would miss what lies there.
pub(crate) fn is_missed(path: Text<'_>) -> bool {
    DOCUMENTS.matches(path) && (KEPT.matches(path) || !common::programs::is_world_writable(path))
}

/// What a file's name got at its end by a rename.
fn ending<'a>(old: Text<'a>, new: Text<'a>) -> Option<&'a [u8]> {
    let ending = new.as_bytes().strip_prefix(old.as_bytes())?;
    let is_name = !ending.contains(&b'/') && ending.len() > 1 && ending.len() <= 64;
    (is_name && !old.is_empty()).then_some(ending)
}

/// Whether files come and go there because that is its work.
fn is_expected(process: &Process<'_>) -> bool {
    is_package_management(process) || is_build(process) || is_backup(process)
}

/// What keeps files open for writing all day: databases, editors, synchronisation.
fn is_keeper(process: &Process<'_>) -> bool {
    static KEEPERS: TextSet = TextSet::new().equals(&[
        "firefox",
        "git",
        "mariadbd",
        "mongod",
        "mysqld",
        "postgres",
        "redis-server",
        "rsync",
        "soffice.bin",
        "thunderbird",
        "qemu-system-x86_64",
        "systemd",
        "rsyslogd",
        "systemd-journald",
        "tar",
        "unzip",
    ]);
    common::programs::is_installed(process, &KEEPERS)
}
