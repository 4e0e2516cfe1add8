//! Who reads a file: somebody who asked for it, or a tool that goes through a whole tree in which it lies.

use lanner_sdk::prelude::*;

use crate::command::{Command, is_installed_tool};
use crate::context::{is_backup, is_scanner};

/// Tools that go through trees: archives, copies, searches, sums.
static WALKERS: TextSet = TextSet::new().equals(&[
    "7z",
    "7za",
    "7zr",
    "ack",
    "ag",
    "b3sum",
    "bsdtar",
    "chkrootkit",
    "cp",
    "cpio",
    "diff",
    "du",
    "dump",
    "egrep",
    "fgrep",
    "file",
    "git",
    "grep",
    "hashdeep",
    "install",
    "md5sum",
    "mksquashfs",
    "pax",
    "rclone",
    "rg",
    "rsync",
    "scp",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "tar",
    "zip",
]);
/// Tools that show, copy or change what is in a file.
static TOOLS: TextSet = TextSet::new().equals(&[
    "ag",
    "awk",
    "base32",
    "base64",
    "bat",
    "batcat",
    "bzip2",
    "cat",
    "column",
    "comm",
    "cp",
    "curl",
    "cut",
    "dd",
    "diff",
    "ed",
    "egrep",
    "expand",
    "fgrep",
    "fold",
    "gawk",
    "grep",
    "gzip",
    "head",
    "hexdump",
    "install",
    "jq",
    "less",
    "mawk",
    "more",
    "nc",
    "ncat",
    "nl",
    "od",
    "openssl",
    "original-awk",
    "paste",
    "pr",
    "rev",
    "rg",
    "rsync",
    "scp",
    "sed",
    "sort",
    "split",
    "sqlite3",
    "strings",
    "tac",
    "tail",
    "tar",
    "tee",
    "tr",
    "uniq",
    "wget",
    "xxd",
    "xz",
    "yq",
    "zip",
]);

/// Whether it reads the file on its way through a tree: an installed tool that was not given the file's name, nor that of a
/// hidden folder in which it lies (`~/.ssh`), or a program for backups or checks.
#[must_use]
pub fn is_on_the_way(process: &Process<'_>, path: Text<'_>) -> bool {
    if is_backup(process) || is_scanner(process) {
        return !names(process, path);
    }
    is_installed_tool(process, &WALKERS) && !names(process, path)
}

/// Whether an argument is the file, or a hidden folder on the way to it, or something in that.
fn names(process: &Process<'_>, path: Text<'_>) -> bool {
    fn parts(path: &[u8]) -> impl Iterator<Item = &[u8]> {
        path.split(|byte| *byte == b'/')
    }
    let is_hidden = |part: &&[u8]| part.starts_with(b".") && part.len() > 2;
    let hidden: Vec<&[u8]> = parts(path.as_bytes()).filter(is_hidden).collect();
    let name = path.file_name().as_bytes();
    process.args().skip(1).any(|arg| {
        let arg = arg.as_bytes();
        let arg = arg.strip_suffix(b"/").unwrap_or(arg);
        arg.ends_with(name) || hidden.iter().any(|part| arg.ends_with(part) || parts(arg).any(|it| it == *part))
    })
}

/// Whether it is a tool for whatever file it is given, or a shell or an interpreter: not a program that the file is made for.
#[must_use]
pub fn is_general_tool(process: &Process<'_>) -> bool {
    TOOLS.matches(Command::of(process).name())
        || crate::programs::is_shell(process)
        || crate::programs::is_interpreter(process)
}
