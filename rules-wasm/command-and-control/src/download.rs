//! What was fetched from the network and then run. No single event shows it, so this remembers.

use std::time::Duration;

use common::command::{Command, called, line};
use common::families;
use common::opens::elsewhere;
use common::programs::{is_interpreter, is_shell, is_world_writable, label};
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::pipes::FETCHERS;
use crate::transfer::is_remote;
use crate::{CommandAndControl, SCRIPTABLE};

/// Files that were downloaded lately; more is a mirror at work, and the oldest are forgotten.
const FILES: usize = 4096;
/// How long a downloaded file is remembered.
const KEEP: Duration = Duration::from_secs(30 * 60);
/// Downloads, and shells that read from a pipe, whose other half has not begun yet.
const HALVES: usize = 256;
/// The programs of a pipeline begin at the same time; a slow `sudo` may come between.
const PIPELINE: Duration = Duration::from_secs(10);
/// Shells and interpreters that talked to the network lately.
const TALKERS: usize = 1024;
/// Downloaded programs that run.
const STAGES: usize = 1024;

const S_IFMT: u32 = 0o170_000;
const S_IFREG: u32 = 0o100_000;
const S_IXUSR: u32 = 0o111;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
/// O_WRONLY and O_RDWR.
const WRITES: u32 = 3;
/// Of these, shells and interpreters, wherever they lie.
static SCRIPTING: TextSet =
    TextSet::new().file_name(families::SHELLS).contains(&["lua", "node", "perl", "php", "python", "ruby", "tclsh"]);
/// What every program opens as it begins.
const STARTUP: [&str; 7] = [
    "/dev/null",
    "/dev/tty",
    "/dev/urandom",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/passwd",
];
/// Parts of paths of what interpreters load.
const LIBRARIES: [&str; 4] = ["/dist-packages/", "/node_modules/", "/site-packages/", "/__pycache__/"];

/// Programs that fetch files.
static DOWNLOADERS: TextSet = TextSet::new().file_name(&[
    "aria2c",
    "axel",
    "busybox",
    "curl",
    "ftp",
    "lftp",
    "lwp-download",
    "nc",
    "nc.openbsd",
    "nc.traditional",
    "ncat",
    "openssl",
    "rsync",
    "scp",
    "sftp",
    "socat",
    "telnet",
    "tftp",
    "toybox",
    "wget",
    "wget2",
    "whois",
]);
/// Of these, those that write what they fetch to standard output.
static STREAMERS: TextSet = TextSet::new().equals(&[
    "curl",
    "lftp",
    "nc",
    "nc.openbsd",
    "nc.traditional",
    "ncat",
    "openssl",
    "socat",
    "telnet",
    "wget",
    "wget2",
    "whois",
]);
/// What fetches and installs what others have written, by the name of its script. Anybody can call a script so.
static INSTALLERS: TextSet = TextSet::new().equals(&[
    "ansible-galaxy",
    "bundle",
    "composer",
    "conda",
    "gem",
    "npm",
    "npm-cli.js",
    "npx",
    "npx-cli.js",
    "pip",
    "pip3",
    "pipx",
    "pnpm",
    "poetry",
    "uv",
    "yarn",
    "yarn.js",
]);

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
    pub(crate) pipes: Recent<u64, Half>,
    /// Shells that read from a pipe, likewise.
    pub(crate) readers: Recent<u64, Half>,
    /// Files that shells opened for what they are about to start, by their process: `curl … > file`.
    redirected: Recent<u64, Redirected>,
    /// Shells and interpreters that are connected to something, by their process.
    talkers: Recent<u64, String>,
    /// Downloaded programs that were run, by their process.
    pub(crate) stages: Recent<u64, Half>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Download {
    seq: u64,
    time: u64,
    path: String,
    command: String,
    /// Whether it looks like what an installer of packages does all day.
    is_installation: bool,
}

/// One half of a pipeline: the command line of the download, or the shell.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Half {
    pub(crate) seq: u64,
    pub(crate) what: String,
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
            talkers: Recent::new(TALKERS, KEEP),
            stages: Recent::new(STAGES, KEEP),
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
            talkers: self.talkers.with_limits(TALKERS, KEEP),
            stages: self.stages.with_limits(STAGES, KEEP),
        }
    }

    fn remember(&mut self, now: u64, file: Redirected, downloader: &Process<'_>) {
        let Redirected { seq, path, file } = file;
        let shown = Text::new(&path).to_string();
        let is_installation = is_installer(downloader);
        let download = Download { seq, time: now, path: shown, command: line(downloader), is_installation };
        self.files.insert(now, file, download);
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

    /// Whether a shell or an interpreter is connected to something, or who started it: `exec 3<>/dev/tcp/…; cat <&3 > file`.
    fn is_talking(&self, now: u64, process: &Process<'_>) -> bool {
        let is_it = |process: &Process<'_>| self.talkers.get(now, &process.id()).is_some();
        is_it(process) || process.parent().is_some_and(|parent| is_it(&parent))
    }

    /// The downloaded program that a process descends from.
    fn stage(&self, now: u64, process: &Process<'_>) -> Option<&Half> {
        process.ancestors().take(6).find_map(|ancestor| self.stages.get(now, &ancestor.id()))
    }
}

pub(crate) fn add(r: &mut Rules<CommandAndControl>) {
    add_runs(r);

    r.rule("command-and-control/downloaded-program-made-executable")
        .summary("A file that was just fetched from the network was made executable")
        .severity(Low)
        .attack("T1105")
        .attack("T1222.002")
        .property("maturity", "incubating")
        .property("misses", "a file that was moved between the two, and one that install(1) copies")
        .on_chmod(|pack, e, out| {
            let path = e.path();
            if e.failed() || e.mode() & S_IXUSR == 0 {
                return;
            }
            // Who copies a file copies its permissions.
            if is_downloader(&e.process()) {
                return;
            }
            let downloads = &pack.downloads;
            let id = downloads.paths.get(e.time(), path.as_bytes()).copied();
            let Some(download) = id.and_then(|id| downloads.files.get(e.time(), &id)) else { return };
            if download.is_installation {
                return;
            }
            // An installer puts it where programs lie; where everybody may write it is a drop.
            let is_drop = is_world_writable(path) || path.file_name().starts_with(".");
            out.finding(format!("{} made {path} executable, which was just downloaded", label(&e.process())))
                .fact("path", path)
                .field("downloaded by", &download.command)
                .severity(if is_drop { Medium } else { Low })
                .because_of(download.seq);
        });

    r.rule("command-and-control/second-stage")
        .summary("A program that had just been downloaded fetched something more itself")
        .severity(High)
        .attack("T1104")
        .attack("T1105")
        .property("maturity", "incubating")
        .property("misses", "a first stage that fetches the second by itself, or that ran from memory")
        .only(called(&["curl", "lftp", "wget", "wget2"]))
        .on_exec(|pack, e, out| {
            let image = e.image();
            if !FETCHERS.matches(Command::of(&image).name()) {
                return;
            }
            if let Some(stage) = pack.downloads.stage(e.time(), &image) {
                out.finding(format!("{}, which had been downloaded, started {}", stage.what, line(&image)))
                    .because_of(stage.seq);
            }
        });
}

fn add_runs(r: &mut Rules<CommandAndControl>) {
    r.rule("execution/download-and-run")
        .summary("A file was fetched from the network and run soon after")
        .severity(High)
        .attack("T1105")
        .attack("T1204.002")
        .property("maturity", "stable")
        .property("misses", "what is unpacked or copied before it runs, and what lies half an hour before it does")
        .only(process::exe().matches(&DOWNLOADERS).and(open::flags().any(WRITES)))
        .on_open(|pack, e, _| {
            if let Some(file) = written(e).filter(|_| is_downloader(&e.process())) {
                pack.downloads.remember(e.time(), file, &e.process());
            }
        })
        .unfiltered()
        .only(connect::family().one_of([AF_INET, AF_INET6]).and(process::exe().matches(&SCRIPTABLE)))
        .on_connect(|pack, e, _| {
            if let Some(peer) = e.address().filter(|_| e.port() != Some(53)) {
                pack.downloads.talkers.insert(e.time(), e.process().id(), peer.to_string());
            }
        })
        .unfiltered()
        .only(
            open::flags().any(WRITES).and(process::exe().matches(&SCRIPTABLE)).and(process::exe().matches(&SCRIPTING)),
        )
        .only(!open::path().equals(STARTUP))
        .on_open(|pack, e, _| {
            let process = e.process();
            let is_script = is_shell(&process) || is_interpreter(&process);
            if let Some(file) = written(e).filter(|_| is_script && pack.downloads.is_talking(e.time(), &process)) {
                pack.downloads.remember(e.time(), file, &process);
            }
        })
        .unfiltered()
        .on_exec(|pack, e, out| {
            let image = e.image();
            let now = e.time();
            if STREAMERS.matches(Command::of(&image).name()) {
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
                pack.downloads.stages.insert(now, image.id(), Half { seq: e.seq(), what: path.to_string() });
            }
        });

    // `bash file` runs a file that is no program.
    r.rule("execution/downloaded-script")
        .summary("A script was fetched from the network and given to an interpreter soon after")
        .severity(High)
        .attack("T1105")
        .attack("T1059")
        .property("maturity", "stable")
        .property(
            "misses",
            "a script that another one includes, and one that lies among the system's libraries and data",
        )
        .only(process::exe().matches(&SCRIPTABLE).and(process::exe().matches(&SCRIPTING)))
        // An interpreter reads its own libraries all day.
        .only(elsewhere())
        .only(!open::path().equals(STARTUP))
        .only(!open::path().contains(LIBRARIES))
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
                let stage = Half { seq: e.seq(), what: e.path().to_string() };
                pack.downloads.stages.insert(e.time(), process.id(), stage);
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

fn raise(what: &str, download: &Download, now: u64, out: &mut Out<'_>) {
    let after = now.saturating_sub(download.time) / 1_000_000_000;
    let finding = out
        .finding(format!("{what}, {after} s after it was downloaded"))
        .field("downloaded by", &download.command)
        .field("downloaded to", &download.path)
        .because_of(download.seq);
    if download.is_installation {
        finding.severity(Low);
    }
}

fn is_downloader(process: &Process<'_>) -> bool {
    let (name, args) = Command::of(process).parts();
    // rsync copies on one machine as well.
    DOWNLOADERS.matches(name) && (name != "rsync" || args.iter().any(|arg| is_remote(*arg, false)))
}

/// Whether it installs packages of a language. Goes by names that anybody can give: it makes findings milder, no more.
fn is_installer(process: &Process<'_>) -> bool {
    common::context::lineage(process).take(6).any(|each| {
        let (name, args) = Command::of(&each).parts();
        INSTALLERS.matches(name)
            || args.windows(2).any(|pair| pair[0] == "-m" && INSTALLERS.matches(pair[1]))
            || name == "node" && args.first().is_some_and(|script| INSTALLERS.matches(script.file_name()))
    })
}
