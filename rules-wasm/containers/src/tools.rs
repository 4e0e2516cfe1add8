//! Programs that stand for whoever uses them, rather than for what they were made for.

use common::families;
use common::programs::{is_interpreter, is_shell, is_world_writable};
use lanner_sdk::filter::{Only, scope};
use lanner_sdk::prelude::*;

/// Programs that fetch, send or relay whatever they are told.
static FETCHERS: TextSet = TextSet::new()
    .equals(families::RELAYS)
    .equals(&["aria2c", "busybox", "curl", "http", "httpie", "lftp", "openssl", "wget", "wget2", "xh"]);
/// Programs that show and search files.
static READERS: TextSet = TextSet::new().equals(&[
    "awk", "base32", "base64", "busybox", "cat", "cp", "cut", "dd", "egrep", "find", "gawk", "grep", "head", "hexdump",
    "jq", "less", "mawk", "more", "mv", "nl", "od", "rg", "sed", "sort", "strings", "tac", "tail", "tar", "tee", "tr",
    "vi", "vim", "xxd", "zip",
]);
/// How interpreters are told what to run on their command line, or through a pipe.
static INLINE: TextSet = TextSet::new().equals(&["-", "--eval", "-c", "-e", "-r"]);

/// Whether it fetches what it is told, by a command line.
pub(crate) fn is_fetcher(process: &Process<'_>) -> bool {
    FETCHERS.matches(process.name()) || is_shell(process) || is_inline(process)
}

/// Whether it shows files to whoever asks.
pub(crate) fn is_reader(process: &Process<'_>) -> bool {
    READERS.matches(process.name()) || is_fetcher(process)
}

/// Opens by those, and by others that pass for them.
pub(crate) fn readers() -> Only<scope::WithProcess> {
    static PROGRAMS: TextSet = TextSet::new()
        .file_name(&[
            "aria2c",
            "ash",
            "awk",
            "base32",
            "base64",
            "bash",
            "busybox",
            "cat",
            "cp",
            "csh",
            "curl",
            "cut",
            "dash",
            "dd",
            "egrep",
            "find",
            "fish",
            "gawk",
            "grep",
            "head",
            "hexdump",
            "http",
            "httpie",
            "jq",
            "ksh",
            "ksh93",
            "less",
            "lftp",
            "mawk",
            "mksh",
            "more",
            "mv",
            "nc",
            "nc.openbsd",
            "nc.traditional",
            "ncat",
            "netcat",
            "nl",
            "od",
            "openssl",
            "pwsh",
            "rbash",
            "rg",
            "sed",
            "sh",
            "socat",
            "sort",
            "strings",
            "tac",
            "tail",
            "tar",
            "tcsh",
            "tee",
            "telnet",
            "tr",
            "vi",
            "vim",
            "wget",
            "wget2",
            "xh",
            "xxd",
            "zip",
            "zsh",
        ])
        // Interpreters, with their versions.
        .contains(&["/lua", "/node", "/perl", "/php", "/python", "/ruby", "/tclsh"]);
    process::exe().matches(&PROGRAMS)
}

/// Whether it is an interpreter that was given its program in passing.
fn is_inline(process: &Process<'_>) -> bool {
    is_interpreter(process) && process.args().skip(1).take(2).any(|argument| INLINE.matches(argument))
}

/// Whether it lies where nothing is installed: it was brought.
pub(crate) fn is_brought(process: &Process<'_>) -> bool {
    is_world_writable(process.exe())
        || process.is_memfd()
        || process.is_deleted()
        || process.exe().is_under("/root")
        || (process.is_upper() && process.container().is_some())
}
