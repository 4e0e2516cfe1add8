//! What was fetched from the network and then run. No single event shows it, so this remembers.

use std::time::Duration;

use lanner_sdk::abi::stdio_flag;
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::Starter;
use crate::programs::{is_interpreter, is_shell, label};

/// Files that were downloaded lately; more is a mirror at work, and the oldest are forgotten.
const FILES: usize = 4096;
/// How long a downloaded file is remembered.
const KEEP: Duration = Duration::from_secs(30 * 60);
/// Downloads, and shells that read from a pipe, whose other half has not begun yet.
const HALVES: usize = 256;
/// The programs of a pipeline begin at the same time; a slow `sudo` may come between.
const PIPELINE: Duration = Duration::from_secs(10);
/// How far up the one who typed the pipeline is looked for: `curl … | sudo -u x bash` is two.
const GENERATIONS: usize = 3;
/// Bytes of a command line that are kept.
const COMMAND: usize = 256;

const S_IFMT: u32 = 0o170_000;
const S_IFREG: u32 = 0o100_000;

/// Programs that fetch files.
static DOWNLOADERS: TextSet = TextSet::new().file_name(&[
    "aria2c",
    "axel",
    "busybox",
    "curl",
    "ftp",
    "lftp",
    "nc",
    "nc.openbsd",
    "nc.traditional",
    "ncat",
    "scp",
    "sftp",
    "tftp",
    "wget",
    "wget2",
]);
/// Of these, those that write what they fetch to standard output.
static STREAMERS: TextSet = TextSet::new().equals(&["curl", "wget", "wget2", "lftp"]);

/// A file, by device and inode: whatever it is called by then.
type FileId = (u32, u64);

/// What was downloaded lately.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Downloads {
    files: Recent<FileId, Download>,
    /// The same by path, for scripts: the kernel says which interpreter it runs, and the path of the script.
    paths: Recent<Vec<u8>, FileId>,
    /// Downloads to a pipe, by the process that started them.
    pipes: Recent<u64, Half>,
    /// Shells that read from a pipe, likewise.
    readers: Recent<u64, Half>,
    /// Files that shells opened for what they are about to start, by their process: `curl … > file`.
    redirected: Recent<u64, Redirected>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Download {
    seq: u64,
    time: u64,
    path: String,
    command: String,
}

/// One half of a pipeline: the command line of the download, or the shell.
#[derive(Clone, Serialize, Deserialize)]
struct Half {
    seq: u64,
    what: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct Redirected {
    seq: u64,
    path: Vec<u8>,
    file: FileId,
}

impl Default for Downloads {
    fn default() -> Self {
        Self {
            files: Recent::new(FILES, KEEP),
            paths: Recent::new(FILES, KEEP),
            pipes: Recent::new(HALVES, PIPELINE),
            readers: Recent::new(HALVES, PIPELINE),
            redirected: Recent::new(HALVES, PIPELINE),
        }
    }
}

impl Downloads {
    /// With the limits of this version, whichever saved it.
    pub(crate) fn with_limits(self) -> Self {
        Self {
            files: self.files.with_limits(FILES, KEEP),
            paths: self.paths.with_limits(FILES, KEEP),
            pipes: self.pipes.with_limits(HALVES, PIPELINE),
            readers: self.readers.with_limits(HALVES, PIPELINE),
            redirected: self.redirected.with_limits(HALVES, PIPELINE),
        }
    }

    fn remember(&mut self, now: u64, file: Redirected, downloader: &Process<'_>) {
        let Redirected { seq, path, file } = file;
        let shown = Text::new(&path).to_string();
        self.files.insert(now, file, Download { seq, time: now, path: shown, command: command(downloader) });
        self.paths.insert(now, path, file);
    }

    /// A process became a downloader: what it had opened for writing before is where the download goes.
    fn take_redirected(&mut self, now: u64, image: &Process<'_>) {
        if let Some(file) = self.redirected.take(now, &image.id()) {
            self.remember(now, file, image);
        }
    }

    /// The download of this file. Once: a program that is started a hundred times is one finding.
    fn take(&mut self, now: u64, id: FileId) -> Option<Download> {
        self.files.take(now, &id)
    }

    fn take_by_path(&mut self, now: u64, path: Text<'_>) -> Option<Download> {
        let id = *self.paths.get(now, path.as_bytes())?;
        self.take(now, id)
    }
}

pub(crate) fn add(r: &mut Rules<Starter>) {
    r.rule("execution/download-and-run")
        .summary("A file was fetched from the network and run soon after")
        .severity(High)
        .attack("T1105")
        .attack("T1204.002")
        .only(process::exe().matches(&DOWNLOADERS))
        .on_open(|pack, e, _| {
            if let Some(file) = written(e).filter(|_| is_downloader(&e.process())) {
                pack.downloads.remember(e.time(), file, &e.process());
            }
        })
        .unfiltered()
        .on_exec(|pack, e, out| {
            let image = e.image();
            let now = e.time();
            if STREAMERS.matches(image.name()) {
                pack.downloads.take_redirected(now, &image);
            }
            let file = image.exe_dev().zip(image.exe_inode()).and_then(|file| pack.downloads.take(now, file));
            let script = image.script();
            let found = match file {
                None if !script.is_empty() => pack.downloads.take_by_path(now, script).map(|file| (script, file)),
                file => file.map(|file| (image.exe(), file)),
            };
            if let Some((path, download)) = found {
                let what = format!("{} ran {path}", label(&e.process()));
                raise(&what, &download, now, out);
            }
        });

    // `bash file` runs a file that is no program.
    r.rule("execution/downloaded-script")
        .summary("A script was fetched from the network and given to an interpreter soon after")
        .severity(High)
        .attack("T1105")
        .attack("T1059")
        .only(process::exe().contains(["sh", "python", "perl", "ruby", "php", "node", "lua", "busybox"]))
        .on_open(|pack, e, out| {
            let process = e.process();
            if let Some(file) = written(e).filter(|_| is_shell(&process)) {
                pack.downloads.redirected.insert(e.time(), process.id(), file);
            }
            if e.failed() || !e.is_read() || !(is_shell(&process) || is_interpreter(&process)) {
                return;
            }
            // Only what stands on its command line is run; the rest may be data.
            let name = e.path().file_name();
            if !process.args().skip(1).any(|argument| argument.file_name() == name) {
                return;
            }
            let file = e.dev().zip(e.inode());
            if let Some(download) = file.and_then(|file| pack.downloads.take(e.time(), file)) {
                raise(&format!("{} was given {}", label(&process), e.path()), &download, e.time(), out);
            }
        });

    r.rule("execution/download-piped-to-shell")
        .summary("A download was piped into a shell: it ran without ever being a file")
        .severity(Medium)
        .attack("T1105")
        .attack("T1059.004")
        .on_exec(|pack, e, out| {
            let image = e.image();
            let now = e.time();
            if STREAMERS.matches(image.name()) {
                let Some(parent) = image.parent() else { return };
                let command = command(&image);
                if let Some(reader) = pack.downloads.readers.take(now, &parent.id()) {
                    piped(&reader.what, &command, out).because_of(reader.seq);
                } else {
                    pack.downloads.pipes.insert(now, parent.id(), Half { seq: e.seq(), what: command });
                }
            } else if reads_commands_from_pipe(e) {
                let parents: Vec<u64> = image.ancestors().take(GENERATIONS).map(|parent| parent.id()).collect();
                let download = parents.iter().find_map(|parent| pack.downloads.pipes.take(now, parent));
                if let Some(download) = download {
                    piped(&label(&image), &download.what, out).because_of(download.seq);
                } else if let Some(parent) = parents.first() {
                    pack.downloads.readers.insert(now, *parent, Half { seq: e.seq(), what: label(&image) });
                }
            }
        });
}

/// The file that it opened for writing: a pipe, a terminal or /dev/null is none, and one that the kernel side could not
/// look at is not known again.
fn written(e: &OpenEvent<'_>) -> Option<Redirected> {
    let is_file = e.file_mode().is_some_and(|mode| mode & S_IFMT == S_IFREG);
    let file = e.dev().zip(e.inode()).filter(|_| e.is_write() && !e.failed() && is_file)?;
    Some(Redirected { seq: e.seq(), path: e.path().as_bytes().to_vec(), file })
}

fn is_downloader(process: &Process<'_>) -> bool {
    // Which of its programs busybox is says what it was called as.
    let called = process.args().next().unwrap_or_default().file_name();
    DOWNLOADERS.matches(process.name()) && (process.name() != "busybox" || DOWNLOADERS.matches(called))
}

fn raise(what: &str, download: &Download, now: u64, out: &mut Out<'_>) {
    let after = now.saturating_sub(download.time) / 1_000_000_000;
    out.finding(format!("{what}, {after} s after it was downloaded"))
        .field("downloaded by", &download.command)
        .field("downloaded to", &download.path)
        .because_of(download.seq);
}

fn piped<'o>(shell: &str, command: &str, out: &'o mut Out<'_>) -> lanner_sdk::FindingBuilder<'o> {
    out.finding(format!("{shell} runs what was downloaded by: {command}")).field("downloaded by", command)
}

/// Whether a shell or interpreter has no other place to take its commands from than standard input, a pipe.
fn reads_commands_from_pipe(e: &ExecEvent<'_>) -> bool {
    let image = e.image();
    if e.stdio() & stdio_flag::STDIN_PIPE == 0 || !(is_shell(&image) || is_interpreter(&image)) {
        return false;
    }
    let mut arguments = image.args().skip(1);
    // `-` and `-s` say so, whatever follows; otherwise a word is the script, after `-c` too.
    arguments.clone().any(|argument| argument.one_of(&["-", "-s"]))
        || arguments.all(|argument| argument.starts_with("-"))
}

/// The command line, cut.
fn command(process: &Process<'_>) -> String {
    let mut command = process.command_line().to_string();
    if command.len() > COMMAND {
        command.truncate(command.floor_char_boundary(COMMAND));
        command.push('…');
    }
    command
}
