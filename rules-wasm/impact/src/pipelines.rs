//! Data that goes from where it lies right into the network: the programs of a pipeline begin together, so this remembers
//! halves.

use std::time::Duration;

use common::command::{Command, Syntax, called, line};
use common::context::{is_backup, is_ci, is_configuration_management};
use common::families;
use common::owners::is_owner;
use common::peers::find;
use common::programs::{is_shell, label};
use lanner_sdk::abi::stdio_flag;
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::Impact;
use crate::valuables::{Value, absolute, value};

const HALVES: usize = 512;
const PIPELINE: Duration = Duration::from_secs(10);
/// How long it is remembered what a program has read.
const READ: Duration = Duration::from_secs(10 * 60);
const READERS: usize = 1024;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

/// What packs, encodes, encrypts or just reads.
static SOURCES: TextSet = TextSet::new().equals(&[
    "7z",
    "base32",
    "base64",
    "bzip2",
    "cat",
    "cpio",
    "dd",
    "find",
    "gpg",
    "gzip",
    "head",
    "hexdump",
    "mysqldump",
    "mariadb-dump",
    "od",
    "openssl",
    "pg_dump",
    "pg_dumpall",
    "tail",
    "tar",
    "uuencode",
    "xxd",
    "xz",
    "zip",
    "zstd",
    "basenc",
    "history",
    "tac",
]);
/// What encodes or encrypts, of these.
static ENCODERS: TextSet =
    TextSet::new().equals(&["base32", "base64", "basenc", "gpg", "hexdump", "od", "openssl", "uuencode", "xxd"]);
/// What sends what it reads.
static SENDERS: TextSet = TextSet::new().equals(families::RELAYS).equals(&[
    "curl", "ftp", "lftp", "mail", "mailx", "msmtp", "mutt", "openssl", "s-nail", "sendmail", "ssh", "tftp", "wget",
]);
/// Programs that only handle files: what they write to a connection is a file.
static FILE_TOOLS: TextSet = TextSet::new().equals(&[
    "base64", "bzip2", "cat", "cpio", "dd", "gpg", "gzip", "head", "od", "openssl", "tail", "tar", "xxd", "xz", "zip",
    "zstd", "tee", "sed", "awk",
]);
/// What is read by interpreters that have no business with it.
static READ_SECRETS: TextSet = TextSet::new()
    .equals(&["/etc/shadow", "/etc/gshadow", "/etc/sudoers"])
    .contains(&[
        "/.ssh/id_",
        "/.aws/credentials",
        "/.kube/config",
        "/.gnupg/private",
        "/.netrc",
        "/.git-credentials",
        "/.bash_history",
    ])
    .ends_with(&[".kdbx", "/wallet.dat", "/logins.json", "/key4.db", "/Login Data"]);

/// Halves of pipelines, by the process that started them, and who has read secrets.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Pipelines {
    sources: Recent<u64, Half>,
    senders: Recent<u64, Half>,
    readers: Recent<u64, Half>,
    /// Files that shells opened for what they are about to start, by their process: `nc … < file`.
    redirected: Recent<u64, Half>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Half {
    seq: u64,
    command: String,
    /// How telling it is: a secret, an encoding, a tool that is only for this.
    weight: u8,
    encodes: bool,
}

impl Default for Pipelines {
    fn default() -> Self {
        Self {
            sources: Recent::new(HALVES, PIPELINE),
            senders: Recent::new(HALVES, PIPELINE),
            readers: Recent::new(READERS, READ),
            redirected: Recent::new(HALVES, PIPELINE),
        }
    }
}

impl Pipelines {
    pub(crate) fn with_limits(self) -> Self {
        Self {
            sources: self.sources.with_limits(HALVES, PIPELINE),
            senders: self.senders.with_limits(HALVES, PIPELINE),
            readers: self.readers.with_limits(READERS, READ),
            redirected: self.redirected.with_limits(HALVES, PIPELINE),
        }
    }
}

pub(crate) fn add(r: &mut Rules<Impact>) {
    r.rule("exfiltration/piped-out")
        .summary("What one program read, packed or encoded another one sends over the network")
        .severity(Medium)
        .attack("T1048.003")
        .attack("T1048.002")
        .attack("T1132.001")
        .attack("T1560.001")
        .property("maturity", "incubating")
        .property("misses", "halves that are started by different processes, and what goes through a file")
        .on_exec(|pack, e, out| {
            let image = e.image();
            let now = e.time();
            let (name, args) = Command::of(&image).parts();
            let Some(parent) = image.parent() else { return };
            // Both ends of a pipe: what stands in the middle is no end.
            let reads_pipe = e.stdio() & stdio_flag::STDIN_PIPE != 0;
            if let Some(weight) = sends(&image, name, &args).filter(|_| reads_pipe) {
                let half = Half { seq: e.seq(), command: line(&image), weight, encodes: false };
                match pack.pipelines.sources.take(now, &parent.id()) {
                    Some(source) => joined(&image, &source, &half, source.seq, out),
                    None => drop(pack.pipelines.senders.insert(now, parent.id(), half)),
                }
            } else if SOURCES.matches(name) && !is_reading_out(name, &args) {
                let worth = args.iter().filter_map(|arg| value(Text::new(&absolute(*arg, image.cwd())))).max();
                let encodes = ENCODERS.matches(name);
                let weight = match worth {
                    Some(Value::Secret) => 4,
                    Some(Value::Tree) => 3,
                    None => 1,
                };
                let half = Half { seq: e.seq(), command: line(&image), weight, encodes };
                if let Some(sender) = pack.pipelines.senders.take(now, &parent.id()) {
                    joined(&image, &half, &sender, sender.seq, out);
                    return;
                }
                // Of several the most telling one.
                let other = pack.pipelines.sources.take(now, &parent.id());
                let half = match other {
                    Some(other) if other.weight >= half.weight => Half { encodes: other.encodes || encodes, ..other },
                    Some(other) => Half { encodes: other.encodes || encodes, ..half },
                    None => half,
                };
                pack.pipelines.sources.insert(now, parent.id(), half);
            }
        });

    r.rule("exfiltration/redirected-out")
        .summary("A shell gave a file to a program that sends what it reads")
        .severity(Medium)
        .attack("T1048.003")
        .attack("T1048")
        .property("maturity", "incubating")
        .property("misses", "files that are sent by their name: another rule sees those")
        .property("cost", "asked for every file that a shell reads where people and services keep theirs")
        .only(process::exe().ends_with(["/bash", "/sh", "/dash", "/zsh", "/ksh", "/ash"]))
        .only(!open::path().equals(["/etc/ld.so.cache"]))
        .only(open::flags().none(3_u32).and(open::path().starts_with([
            "/etc/",
            "/home/",
            "/root/",
            "/srv/",
            "/var/",
            "/tmp/",
            "/mnt/",
            "/opt/",
            "/dev/shm/",
        ])))
        .on_open(|pack, e, _| {
            let process = e.process();
            let path = e.path();
            // What stands on its command line is its script.
            let is_script = || process.args().any(|arg| arg.file_name() == path.file_name());
            let is_startup = path.one_of(&["/etc/passwd", "/etc/nsswitch.conf"]) && process.args().next().is_none();
            if e.failed() || !is_shell(&process) || is_startup || is_script() {
                return;
            }
            let weight = if value(path).is_some() || path == "/etc/passwd" { 4 } else { 2 };
            let half = Half { seq: e.seq(), command: path.to_string(), weight, encodes: false };
            pack.pipelines.redirected.insert(e.time(), process.id(), half);
        })
        .unfiltered()
        .only(called(&[
            "cryptcat",
            "curl",
            "ftp",
            "lftp",
            "mail",
            "mailx",
            "msmtp",
            "mutt",
            "nc",
            "nc.openbsd",
            "nc.traditional",
            "ncat",
            "netcat",
            "openssl",
            "s-nail",
            "sendmail",
            "socat",
            "ssh",
            "telnet",
            "tftp",
            "wget",
        ]))
        .on_exec(|pack, e, out| {
            let image = e.image();
            let Some(file) = pack.pipelines.redirected.take(e.time(), &image.id()) else { return };
            let (name, args) = Command::of(&image).parts();
            let Some(weight) = sends(&image, name, &args) else { return };
            let severity = match weight + file.weight {
                _ if is_backup(&image) || is_ci(&image) => Low,
                4.. => Medium,
                _ => Low,
            };
            out.finding(format!("{} sends {}", line(&image), file.command))
                .field("path", &file.command)
                .because_of(file.seq)
                .severity(severity);
        });

    r.rule("exfiltration/file-into-connection")
        .summary("A tool for files writes right into a connection: a file leaves without a program that is made for it")
        .severity(High)
        .attack("T1048.003")
        .attack("T1041")
        .property("maturity", "stable")
        .property("misses", "shells that write it themselves, and connections over pipes")
        .only(exec::stdio().any(stdio_flag::STDOUT_SOCKET))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, _) = Command::of(&image).parts();
            // Whoever has a shell over a connection has its tools there as well: another rule's.
            let is_inetd = e.stdin_is_socket();
            if !FILE_TOOLS.matches(name) {
                return;
            }
            let finding = out.finding(format!("{} writes into a connection", line(&image)));
            if is_inetd {
                finding.severity(Medium);
            }
        });

    r.rule("exfiltration/secret-then-connection")
        .summary("A script read what opens other doors, and connected to the network soon after")
        .severity(High)
        .attack("T1041")
        .attack("T1048")
        .attack("T1552.001")
        .property("maturity", "incubating")
        .property("misses", "secrets that one program reads and another sends")
        .only(open::file().starts_with(["/etc/", "/home/", "/root/", "/srv/", "/var/", "/mnt/", "/opt/", "/tmp/"]))
        .only(open::file().matches(&READ_SECRETS))
        .on_open(|pack, e, _| {
            let process = e.process();
            // Who logs in with it reads it and connects, all day.
            let is_its_own = e.paths().any(|path| is_owner(&process, path));
            if e.failed() || !e.is_read() || is_its_own || is_typed_into(&process) {
                return;
            }
            let half = Half { seq: e.seq(), command: e.path().to_string(), weight: 3, encodes: false };
            pack.pipelines.readers.insert(e.time(), process.id(), half);
        })
        .unfiltered()
        .only(connect::family().one_of([AF_INET, AF_INET6]).and(!connect::port().one_of([0, 53])))
        .on_connect(|pack, e, out| {
            let process = e.process();
            if e.port() == Some(53) || e.port() == Some(0) {
                return;
            }
            let Some(read) = pack.pipelines.readers.take(e.time(), &process.id()) else { return };
            let peer = e.address().map(|address| address.to_string()).unwrap_or_default();
            let port = e.port().unwrap_or_default();
            out.finding(format!("{} read {} and connected to {peer} port {port}", label(&process), read.command))
                .field("path", &read.command)
                .because_of(read.seq);
        });
}

/// How telling it is that this program sends what it reads; `None` where it does not.
fn sends(image: &Process<'_>, name: Text<'_>, args: &[Text<'_>]) -> Option<u8> {
    if !SENDERS.matches(name) {
        return None;
    }
    match () {
        () if name == "openssl" => args.iter().any(|arg| *arg == "s_client").then_some(3),
        () if name.one_of(&["curl", "wget"]) => {
            let from_stdin = |arg: &Text<'_>| {
                arg.one_of(&["@-", "-T-", "-", ".", "--post-file=-", "--post-file=/dev/stdin", "--upload-file=-"])
                    || arg.ends_with("=@-")
                    || arg.ends_with("=<-")
                    || arg.ends_with("@/dev/stdin")
            };
            args.iter().any(from_stdin).then_some(2)
        }
        () if name == "ssh" => {
            // A command that keeps what it is sent; a shell that is fed commands is no transfer.
            let call = Command::of(image).options(&Syntax::new("BbcDEeFIiJLlmOoPpQRSWw", &[]));
            let keeps = call.operands().iter().skip(1).any(|word| {
                [&b"cat"[..], b"dd ", b"tee ", b"tar "].iter().any(|part| find(word.as_bytes(), part).is_some())
                    || word.contains(">")
            });
            keeps.then_some(0)
        }
        // Reports of cron and the like are mailed every day.
        () if name.contains("mail") || name.one_of(&["mutt", "msmtp", "s-nail"]) => Some(0),
        () if name == "ftp" || name == "lftp" => Some(1),
        // Whether a port is open is all that -z asks, and -l waits.
        () => {
            let call = Command::of(image).options(&Syntax::new("IiMmOPpqsTVwWXxec", &[]));
            (!call.has(&["z"]) && !call.operands().is_empty()).then_some(2)
        }
    }
}

/// Whether it unpacks or decodes, or looks at nothing.
fn is_reading_out(name: Text<'_>, args: &[Text<'_>]) -> bool {
    let says = |words: &[&str]| args.iter().any(|arg| arg.one_of(words));
    match () {
        () if name.one_of(&["base64", "base32", "gzip", "xz", "bzip2", "zstd", "gpg"]) => {
            says(&["-d", "-D", "--decode", "--decrypt", "-dc", "-cd"])
        }
        () if name == "tar" => {
            args.first().is_some_and(|arg| arg.contains("x") && !arg.contains("c") && !arg.starts_with("--"))
        }
        () if name == "openssl" => !says(&["enc", "base64", "smime", "rsautl", "cms", "aes-256-cbc", "des3", "aes256"]),
        () => false,
    }
}

fn joined(image: &Process<'_>, source: &Half, sender: &Half, seq: u64, out: &mut Out<'_>) {
    let is_routine = is_backup(image) || is_ci(image) || is_configuration_management(image);
    let weight = source.weight + sender.weight + u8::from(source.encodes);
    let severity = match weight {
        _ if is_routine => Low,
        6.. => High,
        3.. => Medium,
        _ => Low,
    };
    out.finding(format!("{} sends what {} reads", sender.command, source.command))
        .field("read by", &source.command)
        .field("sent by", &sender.command)
        .severity(severity)
        .because_of(seq);
}

/// Whether it is a shell at a terminal: it reads the history of its user, and what he types is no script.
fn is_typed_into(process: &Process<'_>) -> bool {
    is_shell(process) && process.tty().is_some()
}
