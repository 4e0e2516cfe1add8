//! Files that are sent away, by tools that are made for it and by services that take anything.

use std::time::Duration;

use common::command::{Command, Syntax, called, line};
use common::context::{is_backup, is_ci, is_configuration_management};
use common::peers::{Host, find, hosts};
use common::programs::{is_world_writable, label};
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::Impact;
use crate::valuables::{absolute, value};

const CURL: &str = "AbcCdDeEFHKmoPQrtTuUwxXyYz";
const CURL_LONG: [&str; 26] = [
    "cacert",
    "cert",
    "config",
    "connect-timeout",
    "cookie",
    "data",
    "data-ascii",
    "data-binary",
    "data-raw",
    "data-urlencode",
    "form",
    "header",
    "json",
    "key",
    "max-time",
    "output",
    "proxy",
    "request",
    "resolve",
    "retry",
    "upload-file",
    "url",
    "user",
    "user-agent",
    "mail-from",
    "mail-rcpt",
];
const UPLOADS: usize = 512;
const KEEP: Duration = Duration::from_secs(2 * 60);
/// Uploads of one script in two minutes that a script does by itself.
const MANY: u32 = 4;

static ARCHIVES: TextSet = TextSet::new().ends_with(&[
    ".7z", ".bz2", ".gz", ".rar", ".tar", ".tgz", ".txz", ".xz", ".zip", ".zst", ".gpg", ".enc", ".sql", ".dump",
    ".db", ".b64", ".pcap",
]);
/// How a program in a command line sends something.
pub(crate) static SENDING: [&[u8]; 10] = [
    b"requests.post",
    b"requests.put",
    b"urlopen",
    b".sendall(",
    b".send(",
    b"http.client",
    b"ftplib",
    b"smtplib",
    b"sendto(",
    b"Net::FTP",
];

/// Uploads lately, by who started them.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Uploads {
    counts: Recent<u64, u32>,
}

impl Default for Uploads {
    fn default() -> Self {
        Self { counts: Recent::new(UPLOADS, KEEP) }
    }
}

impl Uploads {
    pub(crate) fn with_limits(self) -> Self {
        Self { counts: self.counts.with_limits(UPLOADS, KEEP) }
    }

    /// Counts an upload of a script.
    fn count(&mut self, now: u64, starter: u64) -> u32 {
        let count = self.counts.take(now, &starter).unwrap_or_default() + 1;
        self.counts.insert(now, starter, count);
        count
    }
}

pub(crate) fn add(r: &mut Rules<Impact>) {
    r.rule("exfiltration/file-upload")
        .summary("A download tool was told to send a file")
        .severity(Medium)
        .attack("T1048.003")
        .attack("T1048.002")
        .attack("T1041")
        .property("maturity", "incubating")
        .property("misses", "programs that send by themselves")
        .only(called(&["curl", "wget", "wget2"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let Some(file) = uploaded(&image) else { return };
            let path = absolute(Text::new(&file), image.cwd());
            let all = hosts(&image);
            let host = all.iter().find(|host| !host.scheme.is_empty()).or(all.first());
            let is_own = host.is_some_and(Host::is_own);
            let is_valuable = value(Text::new(&path)).is_some() || path == b"/etc/passwd" || path == b"/etc/hosts";
            let is_packed = ARCHIVES.matches(path.as_slice());
            let is_loose = is_world_writable(Text::new(&path)) || file == b"-" || file == b".";
            let is_routine = is_ci(&image) || is_configuration_management(&image);
            let severity = match () {
                () if is_valuable => High,
                () if is_routine => Low,
                () if is_packed || is_loose => Medium,
                () if is_own => Low,
                () => Medium,
            };
            let to = host.map(|host| host.name.to_string()).unwrap_or_default();
            out.finding(format!("{} sends {}", line(&image), Text::new(&file)))
                .field("path", Text::new(&path))
                .field("to", to)
                .severity(severity);
        });

    r.rule("exfiltration/inline-data")
        .summary("A download tool was given what looks like a file of the system, or much that is encoded, to send")
        .severity(Medium)
        .attack("T1041")
        .attack("T1048.003")
        .attack("T1132.001")
        .property("maturity", "incubating")
        .property("misses", "few words, and what is given by the name of a file")
        .only(called(&["curl", "wget", "wget2"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            if !Command::of(&image).name().one_of(&["curl", "wget", "wget2"]) {
                return;
            }
            if let Some(what) = image.args().skip(1).find_map(|arg| inline(arg.as_bytes())) {
                let finding = out.finding(format!("{} sends {what}", line(&image)));
                if is_ci(&image) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("exfiltration/code-repository")
        .summary("Something was pushed to a repository whose password stands on the command line")
        .severity(Medium)
        .attack("T1567.001")
        .property("maturity", "incubating")
        .property("misses", "passwords that git keeps itself")
        .only(called(&["git"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let pushes = name == "git" && args.iter().any(|arg| arg.one_of(&["push", "add", "set-url"]));
            let has_password = args.iter().any(|arg| {
                let rest = find(arg.as_bytes(), b"://").map(|at| &arg.as_bytes()[at + 3..]);
                let authority = rest.and_then(|rest| rest.split(|byte| *byte == b'/').next()).unwrap_or_default();
                authority.contains(&b'@') && authority.contains(&b':')
            });
            if pushes && has_password {
                let finding = out.finding(format!("{} leads to a repository with a password", label(&image)));
                if is_ci(&image) || is_configuration_management(&image) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("exfiltration/automated-upload")
        .summary("A script sent one file after another")
        .severity(Medium)
        .attack("T1020")
        .attack("T1030")
        .attack("T1048")
        .property("maturity", "incubating")
        .property("misses", "scripts that send by themselves")
        .only(called(&[
            "curl",
            "wget",
            "nc",
            "nc.openbsd",
            "nc.traditional",
            "ncat",
            "scp",
            "ping",
            "dig",
            "nslookup",
            "host",
            "whois",
        ]))
        .on_exec(|pack, e, out| {
            let image = e.image();
            let Some(parent) = image.parent() else { return };
            let name = Command::of(&image).name();
            let is_upload = match () {
                () if name.one_of(&["curl", "wget"]) => uploaded(&image).is_some() || carries_data(&image),
                () if name == "ping" => image.args().any(|arg| arg == "-p"),
                () if name == "scp" => image.args().last().is_some_and(|arg| arg.contains(":")),
                () => false,
            };
            if !is_upload {
                return;
            }
            if pack.uploads.count(e.time(), parent.id()) == MANY {
                let finding =
                    out.finding(format!("{} sends one after another: {}", label(&parent), line(&image))).about(&parent);
                if is_ci(&image) || is_configuration_management(&image) || is_backup(&image) {
                    finding.severity(Low);
                }
            }
        });
}

/// The file that curl or wget were told to send; `-` is standard input.
pub(crate) fn uploaded(image: &Process<'_>) -> Option<Vec<u8>> {
    let name = Command::of(image).name();
    if name.one_of(&["wget", "wget2"]) {
        let call = Command::of(image).options(&Syntax::new("oaetTwQOPUlADRXIB", &["post-file", "body-file"]));
        return call.value(&["post-file", "body-file"]).map(|file| file.as_bytes().to_vec());
    }
    if name != "curl" {
        return None;
    }
    let call = Command::of(image).options(&Syntax::new(CURL, &CURL_LONG));
    if let Some(file) = call.value(&["T", "upload-file"]) {
        return Some(file.as_bytes().to_vec());
    }
    let data = call.values(&["d", "data", "data-binary", "data-ascii", "json", "data-urlencode"]);
    let of_data = data.filter_map(|data| {
        let bytes = data.as_bytes();
        bytes.strip_prefix(b"@".as_slice()).or_else(|| {
            find(bytes, b"@")
                .filter(|at| bytes[..*at].iter().all(u8::is_ascii_alphanumeric))
                .map(|at| &bytes[at + 1..])
                .filter(|path| path.starts_with(b"/"))
        })
    });
    let form = call.values(&["F", "form"]);
    let of_form = form.filter_map(|form| {
        let at = find(form.as_bytes(), b"=@").or_else(|| find(form.as_bytes(), b"=<"))?;
        form.as_bytes()[at + 2..].split(|byte| *byte == b';').next()
    });
    of_data.chain(of_form).next().map(<[u8]>::to_vec)
}

/// What data looks like that stands on a command line itself.
fn inline(arg: &[u8]) -> Option<&'static str> {
    const MUCH: usize = 160;
    if find(arg, b"root:x:0:0:").is_some() || find(arg, b"root:$").is_some() {
        return Some("the list of users");
    }
    if find(arg, b"PRIVATE KEY-----").is_some() {
        return Some("a private key");
    }
    let is_encoded = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=\n".contains(byte);
    let data = arg.rsplit(|byte| b"&?".contains(byte)).next().unwrap_or_default();
    let value = data.iter().position(|byte| *byte == b'=').filter(|at| *at < 24).map_or(data, |at| &data[at + 1..]);
    let mixed = value.iter().any(u8::is_ascii_uppercase) && value.iter().any(u8::is_ascii_lowercase);
    (value.len() >= MUCH && value.iter().all(is_encoded) && mixed && !value.contains(&b'.')).then_some("encoded data")
}

/// Whether curl or wget were given data to send, more than a few words.
pub(crate) fn carries_data(image: &Process<'_>) -> bool {
    const MUCH: usize = 64;
    let call = Command::of(image).options(&Syntax::new(CURL, &CURL_LONG));
    let options =
        ["d", "data", "data-binary", "data-raw", "data-urlencode", "F", "form", "post-data", "body-data", "T"];
    let posts = call.values(&options).next().is_some() || image.args().any(|arg| arg.starts_with("--post-data="));
    let in_url = hosts(image).iter().any(|host| host.path.len() >= MUCH);
    posts || in_url
}
