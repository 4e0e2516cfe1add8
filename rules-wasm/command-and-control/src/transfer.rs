//! Tools that come in, or go on to the next machine, by other ways than a web browser's.

use common::command::{Command, Syntax, called, line, one_liner};
use common::context::{is_backup, is_ci, is_configuration_management};
use common::peers::{Host, Reach, find, hosts};
use common::programs::{is_interpreter, is_world_writable};
use lanner_sdk::prelude::*;

use crate::proxies::{CURL, CURL_LONG};
use crate::{CommandAndControl, SCRIPTABLE};

/// Letters of the tools that take a value.
const RSYNC: &str = "BefMT";
const SCP: &str = "cDFiJloPSX";
const SFTP: &str = "BbcDFiJloPRSsX";
const WGET: &str = "oaetTwQOPUlADRXIB";

/// What a program in a command line fetches something with, and what it does with it.
static FETCHES: [&[u8]; 14] = [
    b"urlretrieve",
    b"urlopen",
    b"requests.get",
    b"http.client",
    b"httpx.",
    b"urllib",
    b"file_get_contents(\"http",
    b"file_get_contents('http",
    b"LWP::Simple",
    b"LWP::UserAgent",
    b"HTTP::Tiny",
    b"open-uri",
    b"Net::HTTP",
    b"getstore",
];
static KEEPS: [&[u8]; 14] = [
    b"urlretrieve",
    b".write(",
    b"exec(",
    b"eval(",
    b"os.system",
    b"subprocess",
    b"file_put_contents",
    b"getstore",
    b"system(",
    b"writeFile",
    b"mirror(",
    b"chmod",
    b"copyfileobj",
    b"File.write",
];
/// Tools that fetch files and that hardly anybody uses.
static OLD_TOOLS: TextSet = TextSet::new().equals(&["finger", "ftpget", "lwp-download", "tftp", "whois", "atftp"]);

pub(crate) fn add(r: &mut Rules<CommandAndControl>) {
    r.rule("command-and-control/remote-copy")
        .summary("Files were copied from or to another machine")
        .severity(Low)
        .attack("T1105")
        .attack("T1570")
        .attack("T1021.004")
        .property("maturity", "incubating")
        .property("misses", "copies by tools that are told their hosts by a file")
        .only(called(&["scp", "sftp", "rsync"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (call, name) = match Command::of(&image).name() {
                name if name == "scp" => (Command::of(&image).options(&Syntax::new(SCP, &[])), name),
                name if name == "sftp" => (Command::of(&image).options(&Syntax::new(SFTP, &[])), name),
                name if name == "rsync" => {
                    (Command::of(&image).options(&Syntax::new(RSYNC, &["rsh", "exclude", "include", "port"])), name)
                }
                _ => return,
            };
            // The other end of an rsync or scp that somebody else began.
            if image.args().any(|arg| arg.one_of(&["--server", "--daemon", "-t", "-f"])) {
                return;
            }
            let Some(place) = call.operands().iter().find(|operand| is_remote(**operand, name == "sftp")) else {
                return;
            };
            let is_own = Host::of(*place).is_some_and(|host| host.is_own());
            // Where everybody may write, here or there, is where tools are dropped.
            let is_drop = call.operands().iter().any(|operand| {
                let bytes = operand.as_bytes();
                let path =
                    find(bytes, b":").filter(|_| is_remote(*operand, false)).map_or(bytes, |at| &bytes[at + 1..]);
                is_world_writable(Text::new(&[path, b"/"].concat()))
            });
            let is_expected =
                is_backup(&image) && name != "rsync" || is_ci(&image) || is_configuration_management(&image);
            let finding = out.finding(format!("{} copies files from or to another machine", line(&image)));
            let finding = finding.field("place", *place);
            if is_drop && !is_own && !is_expected {
                finding.severity(Medium);
            }
        });

    r.rule("command-and-control/download-to-drop")
        .summary("A download went to where everybody may write, from an address without a name or to a hidden file")
        .severity(Medium)
        .attack("T1105")
        .property("maturity", "incubating")
        .property("misses", "downloads by name into plain files, which everybody does")
        .only(called(&["curl", "wget", "wget2"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let (syntax, outputs): (_, &[&str]) = match command.name() {
                name if name == "curl" => (Syntax::new(CURL, &CURL_LONG), &["o", "output", "output-dir"]),
                name if name.one_of(&["wget", "wget2"]) => {
                    let long = &["output-document", "directory-prefix", "header", "user-agent"];
                    (Syntax::new(WGET, long), &["O", "P", "output-document", "directory-prefix"])
                }
                _ => return,
            };
            let call = command.options(&syntax);
            let all = hosts(&image);
            let Some(host) = all.iter().find(|host| host.scheme.is_known() && !host.is_own()) else { return };
            let is_address = host.address().is_some() && host.reach() == Some(Reach::Far);
            let output = call.value(outputs);
            let sends = call.has(&["post-file", "body-file", "post-data", "spider"]);
            if sends || output.is_some_and(|output| output.one_of(&["-", "/dev/null"])) {
                return;
            }
            // Without a name for it, it lands in the working directory.
            let implied = if call.has(&["O", "remote-name", "remote-name-all"]) || command.name() != "curl" {
                Some(image.cwd())
            } else {
                None
            };
            let Some(place) = output.or(implied) else { return };
            let folder = [place.as_bytes(), b"/"].concat();
            let in_drop = is_world_writable(Text::new(&folder));
            let in_memory = folder.starts_with(b"/dev/shm/");
            let is_hidden = place.as_bytes().windows(2).any(|pair| pair == b"/.") && in_drop;
            if (in_drop && is_address) || in_memory || is_hidden {
                let finding = out.finding(format!("{} fetches something to {place}", line(&image)));
                if is_ci(&image) || is_configuration_management(&image) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("command-and-control/one-liner-download")
        .summary("An interpreter was given a program on its command line that fetches something and keeps or runs it")
        .severity(Medium)
        .attack("T1105")
        .attack("T1059")
        .property("maturity", "incubating")
        .property("misses", "programs in files, and those that are encoded")
        .only(exec::image::exe().matches(&SCRIPTABLE))
        .on_exec(|_, e, out| {
            const MOST: usize = 8192;
            let image = e.image();
            let Some(program) = one_liner(&image).filter(|_| is_interpreter(&image)) else { return };
            let bytes = &program.as_bytes()[..program.as_bytes().len().min(MOST)];
            let says = |parts: &[&[u8]]| parts.iter().any(|part| find(bytes, part).is_some());
            if says(&FETCHES) && says(&KEEPS) {
                out.finding(format!("{} fetches something", line(&image))).field("program", program);
            }
        });

    r.rule("command-and-control/old-transfer-tool")
        .summary("A tool was used to move files that hardly anybody uses, or that was made for something else")
        .severity(Medium)
        .attack("T1105")
        .attack("T1048.003")
        .attack("T1071.002")
        .property("maturity", "incubating")
        .property("misses", "tools that are made for it")
        .only(called(&["finger", "ftpget", "lwp-download", "tftp", "whois", "atftp"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let name = Command::of(&image).name();
            if !OLD_TOOLS.matches(name) {
                return;
            }
            let call = Command::of(&image).options(&Syntax::new("hplgrPsucmR", &["host", "port"]));
            // whois is told another server only by who has one of his own, and one in a network of its own.
            let is_odd = match name {
                name if name == "whois" => {
                    let server = call.value(&["h", "host"]).and_then(Host::of);
                    call.has(&["p", "port"]) || server.is_some_and(|server| server.address().is_some())
                }
                name if name == "finger" => call.operands().iter().any(|operand| operand.contains("@")),
                _ => image.args().count() > 1,
            };
            if is_odd {
                out.finding(format!("{} moves data", line(&image)));
            }
        });
}

/// Whether an operand is a place on another machine: `host:path`, `user@host:path`, `rsync://…`; a path is none.
pub(crate) fn is_remote(operand: Text<'_>, by_host: bool) -> bool {
    let bytes = operand.as_bytes();
    if bytes.starts_with(b"-") {
        return false;
    }
    let colon = bytes.iter().position(|byte| *byte == b':');
    let slash = bytes.iter().position(|byte| *byte == b'/');
    let before = colon.is_some_and(|colon| slash.is_none_or(|slash| colon < slash));
    before || find(bytes, b"://").is_some() || (by_host && !operand.starts_with("/"))
}
