//! Things that are laid ready to be taken away: copies in hidden and temporary folders, by hand or by a search.

use std::collections::BTreeSet;
use std::time::Duration;

use common::command::{Command, Syntax, called, line};
use common::context::{is_backup, is_build, is_ci, is_scanner};
use common::peers::find;
use common::programs::{is_package_management, label};
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::Impact;
use crate::valuables::{Value, absolute, is_drop, value};

const FOLDERS: usize = 512;
const KEEP: Duration = Duration::from_secs(2 * 60);
/// Files in one hidden folder that are a store.
const STORE: usize = 5;

/// Folders in temporary places that are hidden and always there.
static USUAL: TextSet = TextSet::new().contains(&[
    "/.ICE-unix",
    "/.Test-unix",
    "/.X11-unix",
    "/.XIM-unix",
    "/.font-unix",
    "/.ansible",
    "/.cache/",
    "/.cargo/",
    "/.config/",
    "/.git/",
    "/.gnupg/",
    "/.local/",
    "/.npm/",
    "/.rustup/",
    "/.venv/",
    "/.tox/",
    "/.vscode-server/",
    "/.org.chromium",
    "/.mount_",
    "/.pnpm",
    "/.build",
    "/.fingerprint",
    "/.dotnet",
    "/.s.PGSQL",
]);
/// Names that documents and their like have, as a search asks for them.
static DOCUMENTS: TextSet = TextSet::new().contains(&[
    ".7z",
    ".bak",
    ".csv",
    ".db",
    ".doc",
    ".jpg",
    ".kdbx",
    ".key",
    ".ldif",
    ".log",
    ".mdb",
    ".odt",
    ".ovpn",
    ".p12",
    ".pdf",
    ".pem",
    ".pfx",
    ".ppt",
    ".pst",
    ".rdp",
    ".rtf",
    ".sql",
    ".sqlite",
    ".tar",
    ".txt",
    ".xls",
    ".zip",
    ".conf",
    ".env",
    "id_rsa",
    "passw",
    "secret",
    "wallet",
    "credential",
    "token",
]);
/// What a search does with what it finds.
static TAKES: TextSet = TextSet::new().file_name(&[
    "7z", "base64", "cp", "cpio", "curl", "gzip", "install", "mv", "nc", "rsync", "scp", "tar", "zip", "gpg", "openssl",
]);

/// Hidden folders in temporary places, and the files that came into each.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Staging {
    folders: Recent<Vec<u8>, Store>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Store {
    files: BTreeSet<Vec<u8>>,
    is_told: bool,
}

impl Default for Staging {
    fn default() -> Self {
        Self { folders: Recent::new(FOLDERS, KEEP) }
    }
}

impl Staging {
    pub(crate) fn with_limits(self) -> Self {
        Self { folders: self.folders.with_limits(FOLDERS, KEEP) }
    }

    /// Counts a file in a folder; gives how many there are, once they are a store.
    fn count(&mut self, now: u64, folder: &[u8], file: &[u8]) -> Option<usize> {
        const MOST: usize = 32;
        if self.folders.get(now, folder).is_none() {
            self.folders.insert(now, folder.to_vec(), Store::default());
        }
        let store = self.folders.get_mut(now, folder)?;
        if store.files.len() < MOST {
            store.files.insert(file.to_vec());
        }
        (store.files.len() >= STORE && !std::mem::replace(&mut store.is_told, true)).then_some(store.files.len())
    }
}

pub(crate) fn add(r: &mut Rules<Impact>) {
    r.rule("collection/staged-by-hand")
        .summary("Something valuable was copied to where everybody may write")
        .severity(Medium)
        .attack("T1074.001")
        .attack("T1005")
        .property("maturity", "incubating")
        .property("misses", "copies by a program's own code, and to home directories")
        .only(called(&["cp", "mv", "rsync", "install", "dd", "ln", "tee"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let name = command.name();
            let call = command.options(&Syntax::new("tST", &["target-directory", "suffix"]));
            if !name.one_of(&["cp", "mv", "rsync", "install", "dd"]) || is_expected(&image) {
                return;
            }
            let mut paths: Vec<Vec<u8>> = call.operands().iter().map(|path| absolute(*path, image.cwd())).collect();
            if name == "dd" {
                let of =
                    |word: &str| call.operands().iter().find_map(|arg| arg.as_bytes().strip_prefix(word.as_bytes()));
                paths = [of("if="), of("of=")]
                    .into_iter()
                    .flatten()
                    .map(|path| absolute(Text::new(path), image.cwd()))
                    .collect();
            }
            let target =
                call.value(&["t", "target-directory"]).map(|path| absolute(path, image.cwd())).or_else(|| paths.pop());
            let Some(target) = target else { return };
            let worth = |path: &Vec<u8>| {
                value(Text::new(path)).filter(|_| !common::programs::is_world_writable(Text::new(path)))
            };
            let Some((path, worth)) = paths.iter().find_map(|path| Some((path, worth(path)?))) else { return };
            if !common::programs::is_world_writable(Text::new(&[target.as_slice(), b"/"].concat())) {
                return;
            }
            let finding = out
                .finding(format!("{} puts {} where everybody may write", line(&image), Text::new(path)))
                .fact("path", Text::new(path));
            // A working tree of somebody's, deeper below.
            if worth == Value::Tree && !is_drop(&[target.as_slice(), b"x"].concat()) && !is_drop(&target) {
                finding.severity(Low);
            }
        });

    r.rule("collection/hidden-store")
        .summary("Several files were put into a hidden folder where everybody may write")
        .severity(Medium)
        .attack("T1074.001")
        .attack("T1564.001")
        .property("maturity", "incubating")
        .property("misses", "folders in home directories, and few files")
        .only(open::created().is(true).and(open::path().starts_with(["/tmp/.", "/var/tmp/.", "/dev/shm/"])))
        .on_open(|pack, e, out| {
            let path = e.path();
            let process = e.process();
            let folder = path.directory();
            if e.failed() || is_expected(&process) || is_usual(path) || folder == "/dev/shm" {
                return;
            }
            if let Some(count) = pack.staging.count(e.time(), folder.as_bytes(), path.as_bytes()) {
                out.finding(format!("{} put {count} files into {folder}", label(&process)))
                    .fact("folder", folder)
                    .fact("files", count as u64);
            }
        });

    r.rule("collection/hidden-folder")
        .summary("A hidden folder was made where everybody may write")
        .severity(Low)
        .attack("T1074.001")
        .attack("T1564.001")
        .property("maturity", "incubating")
        .property("misses", "folders that are there already")
        .only(mkdir::path().starts_with(["/tmp/.", "/var/tmp/.", "/dev/shm/.", "/tmp/ ", "/tmp/.."]))
        .on_mkdir(|_, e, out| {
            let path = e.path();
            if !e.failed() && !is_expected(&e.process()) && !is_usual(path) {
                out.finding(format!("{} made {path}", label(&e.process()))).fact("path", path);
            }
        });

    r.rule("collection/searched-and-taken")
        .summary("A search looked for documents or secrets and had each of them copied, packed or sent")
        .severity(Medium)
        .attack("T1119")
        .attack("T1005")
        .attack("T1074.001")
        .property("maturity", "incubating")
        .property("misses", "searches by a program's own code")
        .only(called(&["find", "xargs", "fd", "parallel", "rsync"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            if is_expected(&image) {
                return;
            }
            let starts = |option: &Text<'_>| option.one_of(&["-exec", "-execdir", "-ok", "-x", "-X", "--exec"]);
            let taken = match () {
                () if name == "xargs" || name == "parallel" => args.iter().any(|arg| TAKES.matches(*arg)),
                () if name == "rsync" => args.iter().filter(|arg| arg.starts_with("--include=*.")).count() >= 2,
                () => args
                    .windows(2)
                    .any(|pair| starts(&pair[0]) && (TAKES.matches(pair[1]) || is_shell_that_takes(&args))),
            };
            if !taken {
                return;
            }
            let names = args.iter().any(|arg| DOCUMENTS.matches(*arg) && !arg.starts_with("/"));
            let places = args.iter().any(|arg| {
                let path = absolute(*arg, image.cwd());
                value(Text::new(&path)).is_some() && path != b"/"
            });
            let drops = args.iter().any(|arg| {
                arg.starts_with("/") && common::programs::is_world_writable(Text::new(&[arg.as_bytes(), b"/"].concat()))
            });
            let severity = match (names || places, drops) {
                (true, true) => Medium,
                _ if name == "rsync" => Medium,
                _ => Low,
            };
            if names || drops {
                out.finding(format!("{} takes what it finds", line(&image))).severity(severity);
            }
        });

    r.rule("collection/split-for-transfer")
        .summary("A file was cut into pieces of one size, as is done for what is to leave unseen")
        .severity(Medium)
        .attack("T1030")
        .property("maturity", "incubating")
        .property("misses", "programs that send in pieces")
        .only(called(&["split", "csplit"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let call = command.options(&Syntax::new(
                "abClntu",
                &["bytes", "line-bytes", "number", "lines", "suffix-length", "filter"],
            ));
            if command.name() != "split" || !call.has(&["b", "C", "n", "bytes", "line-bytes", "number"]) {
                return;
            }
            let finding = out.finding(format!("{} cuts a file into pieces", line(&image)));
            if is_expected(&image) || image.tty().is_some() {
                finding.severity(Low);
            }
        });
}

/// Whether files come and go there because that is its work.
fn is_expected(process: &Process<'_>) -> bool {
    is_package_management(process)
        || is_build(process)
        || is_ci(process)
        || is_backup(process) && !is_rsync(process)
        || is_scanner(process)
}

/// rsync makes copies of all kinds.
fn is_rsync(process: &Process<'_>) -> bool {
    process.name() == "rsync"
}

/// Whether a path leads through a hidden folder that is always there, or that tools make for themselves.
fn is_usual(path: Text<'_>) -> bool {
    USUAL.matches([path.as_bytes(), b"/"].concat().as_slice())
}

/// `find … -exec sh -c 'cp "$1" /tmp/x' …`
fn is_shell_that_takes(args: &[Text<'_>]) -> bool {
    args.windows(2).any(|pair| {
        pair[0] == "-c"
            && [&b"cp "[..], b"tar ", b"curl ", b"base64", b"mv "]
                .iter()
                .any(|part| find(pair[1].as_bytes(), part).is_some())
    })
}
