//! Guessing passwords: at this machine, at others, and offline.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use common::command::Command;
use common::context::is_configuration_management;
use common::programs::{is_package_management, is_system, label};
use common::reading::is_general_tool;
use lanner_sdk::abi::stdio_flag;
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::CredentialAccess;

/// How long attempts belong together, and how many sessions are remembered.
const TOGETHER: Duration = Duration::from_secs(60);
const SESSIONS: usize = 512;
/// Passwords that a script hands to su or sudo, one after the other.
const LOCAL: u32 = 4;
/// Logins with a password on the command line.
const TOLD: usize = 4;
/// Connections to one service that asks for passwords.
const CONNECTIONS: u32 = 20;

/// Tools that guess passwords of services.
static GUESSERS: TextSet = TextSet::new().equals(&[
    "brutespray",
    "bruteforce-luks",
    "changeme",
    "crowbar",
    "hydra",
    "hydra-wizard",
    "legba",
    "medusa",
    "ncrack",
    "o365spray",
    "patator",
    "patator.py",
    "spray.sh",
    "sprayhound",
    "sucrack",
    "thc-hydra",
    "wpscan",
    "xhydra",
    "su-bruteforce",
    "suBF.sh",
    "ssh-brute.py",
]);
/// Tools that find passwords to hashes.
static CRACKERS: TextSet = TextSet::new().equals(&[
    "aircrack-ng",
    "cowpatty",
    "fcrackzip",
    "hashcat",
    "hashcat.bin",
    "hashid",
    "hash-identifier",
    "john",
    "ophcrack",
    "pdfcrack",
    "princeprocessor",
    "pyrit",
    "rainbowcrack",
    "rarcrack",
    "rcrack",
    "ssh2john.py",
    "ssh2john",
    "unshadow",
    "zip2john",
    "keepass2john",
    "gpg2john",
]);
/// Ports of services that ask for a password.
const SERVICES: [u16; 9] = [21, 22, 23, 389, 445, 1433, 3389, 5900, 5985];

/// Attempts that were made lately.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Attempts {
    /// Of su and sudo, by who started them.
    local: Recent<u64, (u32, u64)>,
    /// Command lines with passwords, likewise.
    told: Recent<u64, (BTreeSet<u64>, u64)>,
    /// Connections, by who made them.
    connections: Recent<(u64, IpAddr, u16), (u32, u64)>,
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            local: Recent::new(SESSIONS, TOGETHER),
            told: Recent::new(SESSIONS, TOGETHER),
            connections: Recent::new(SESSIONS, TOGETHER),
        }
    }
}

impl Attempts {
    /// With the limits of this version, whichever saved it.
    pub(crate) fn with_limits(self) -> Self {
        Self {
            local: self.local.with_limits(SESSIONS, TOGETHER),
            told: self.told.with_limits(SESSIONS, TOGETHER),
            connections: self.connections.with_limits(SESSIONS, TOGETHER),
        }
    }
}

/// Counts one more: the first event, where these are just enough.
fn count<K: Ord + Clone>(all: &mut Recent<K, (u32, u64)>, now: u64, seq: u64, key: K, enough: u32) -> Option<u64> {
    let (count, first) = all.get(now, &key).copied().unwrap_or((0, seq));
    if count == 0 {
        all.insert(now, key, (1, seq));
    } else if let Some(entry) = all.get_mut(now, &key) {
        entry.0 += 1;
    }
    (count + 1 == enough).then_some(first)
}

pub(crate) fn add(r: &mut Rules<CredentialAccess>) {
    r.rule("credential-access/password-guessing-tool")
        .summary("A tool was run that guesses passwords of services")
        .severity(High)
        .attack("T1110.001")
        .attack("T1110.003")
        .attack("T1110")
        .property("maturity", "incubating")
        .property("misses", "tools under other names")
        .on_exec(|_, e, out| tool(e, &GUESSERS, out));

    r.rule("credential-access/password-cracking-tool")
        .summary("A tool was run that finds passwords to hashes")
        .severity(High)
        .attack("T1110.002")
        .property("maturity", "incubating")
        .property("misses", "tools under other names")
        .on_exec(|_, e, out| tool(e, &CRACKERS, out));

    r.rule("credential-access/local-password-guessing")
        .summary("A script tried one password after the other at su or sudo")
        .severity(High)
        .attack("T1110.001")
        .property("maturity", "incubating")
        .property("misses", "fewer than four a minute, and guessing by PAM in a program of one's own")
        .only(exec::image::exe().matches(&ASKERS))
        .on_exec(|pack, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let piped = e.stdio() & (stdio_flag::STDIN_PIPE | stdio_flag::STDIN_UNIX) != 0;
            let asks = match command.name().as_bytes() {
                // Root is not asked.
                b"su" => !image.is_root() || image.uid() != 0,
                b"sudo" => command.has('S', "") || command.says(&["--stdin"]),
                b"unix_chkpwd" => !image.parent().is_some_and(|parent| is_system(&parent) && !is_general_tool(&parent)),
                b"kinit" | b"smbclient" | b"cryptsetup" => true,
                _ => false,
            };
            if !asks || !(piped || command.name() == "sudo") || is_configuration_management(&image) {
                return;
            }
            let key = session(&image).id();
            if let Some(first) = count(&mut pack.attempts.local, e.time(), e.seq(), key, LOCAL) {
                let by = session(&image);
                // Scripts of administrators hand over the same password so.
                let severity = if command.name() == "sudo" { Medium } else { High };
                out.finding(format!("{} ran {LOCAL} times within a minute: {}", label(&by), image.command_line()))
                    .because_of(first)
                    .severity(severity);
            }
        });

    r.rule("credential-access/remote-password-guessing")
        .summary("A script tried one password after the other at a service")
        .severity(High)
        .attack("T1110.001")
        .attack("T1110.003")
        .attack("T1110.004")
        .property("maturity", "incubating")
        .property("misses", "fewer than four a minute, and guessing over one connection")
        .only(exec::image::exe().matches(&CLIENTS))
        .on_exec(|pack, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            if command.name() == "ssh" {
                tried_users(pack, e, &image, &command, out);
                return;
            }
            let Some(password) = told_password(&command).filter(|_| !is_configuration_management(&image)) else {
                return;
            };
            let by = session(&image);
            let line = hash(password.as_bytes());
            let (mut lines, first) = pack.attempts.told.take(e.time(), &by.id()).unwrap_or((BTreeSet::new(), e.seq()));
            let new = lines.len() <= TOLD && lines.insert(line);
            let enough = new && lines.len() == TOLD;
            pack.attempts.told.insert(e.time(), by.id(), (lines, first));
            if enough {
                let name = command.name();
                out.finding(format!("{} ran {name} with {TOLD} different passwords within a minute", label(&by)))
                    .because_of(first);
            }
        })
        .unfiltered()
        .only(connect::port().one_of(SERVICES).and(connect::protocol().equals(6)))
        .on_connect(|pack, e, out| {
            let process = e.process();
            let (Some(address), Some(port)) = (e.address(), e.port()) else { return };
            if is_configuration_management(&process) || is_package_management(&process) {
                return;
            }
            let by = if is_general_tool(&process) { process } else { session(&process) };
            let key = (by.id(), address, port);
            if let Some(first) = count(&mut pack.attempts.connections, e.time(), e.seq(), key, CONNECTIONS) {
                out.finding(format!(
                    "{} connected {CONNECTIONS} times to {address}, port {port}, within a minute",
                    label(&process)
                ))
                .fact("address", address)
                .because_of(first)
                .severity(Medium);
            }
        });
}

/// What asks for a password, or checks one.
static ASKERS: TextSet = TextSet::new().file_name(&["busybox", "cryptsetup", "kinit", "su", "sudo", "unix_chkpwd"]);
/// What can be given a password on the command line.
static CLIENTS: TextSet = TextSet::new().file_name(&[
    "curl",
    "ftp",
    "kinit",
    "ldapsearch",
    "lftp",
    "mariadb",
    "mysql",
    "plink",
    "psql",
    "redis-cli",
    "rpcclient",
    "smbclient",
    "ssh",
    "sshpass",
    "wget",
    "xfreerdp",
    "unzip",
    "7z",
    "gpg",
]);

/// Who tries: the nearest that is no shell which was forked for one attempt, nor a program that only starts another.
fn session<'a>(process: &Process<'a>) -> Process<'a> {
    let is_fork =
        |it: &Process<'_>| it.image_start() <= it.start() && it.parent().is_some_and(|up| up.exe() == it.exe());
    static WRAPPERS: TextSet =
        TextSet::new().equals(&["env", "nice", "nohup", "setsid", "sshpass", "timeout", "xargs", "sudo", "su"]);
    let found = process.ancestors().find(|it| !is_fork(it) && !common::programs::is_installed(it, &WRAPPERS));
    found.unwrap_or(*process)
}

/// One name after the other is tried at the same machine.
fn tried_users(
    pack: &mut CredentialAccess,
    e: &ExecEvent<'_>,
    image: &Process<'_>,
    command: &Command<'_>,
    out: &mut Out<'_>,
) {
    let login = command.words().find_map(|word| {
        let bytes = word.as_bytes();
        let at = bytes.iter().position(|byte| *byte == b'@')?;
        Some((&bytes[..at], &bytes[at + 1..]))
    });
    let Some((user, host)) = login.filter(|_| !is_configuration_management(image)) else { return };
    let by = session(image);
    let key = by.id() ^ hash(host);
    let (mut users, first) = pack.attempts.told.take(e.time(), &key).unwrap_or((BTreeSet::new(), e.seq()));
    let enough = users.len() <= TOLD && users.insert(hash(user)) && users.len() == TOLD;
    pack.attempts.told.insert(e.time(), key, (users, first));
    if enough {
        let host = Text::new(host);
        out.finding(format!("{} ran ssh as {TOLD} users of {host} within a minute", label(&by)))
            .because_of(first)
            .severity(Medium);
    }
}

/// The password on a command line, or what stands for it; nothing where there is none.
fn told_password<'a>(command: &Command<'a>) -> Option<Text<'a>> {
    let args = command.args();
    let after = |options: &[&str]| {
        let next =
            args.iter().zip(args.iter().skip(1)).find(|(option, _)| option.one_of(options)).map(|(_, value)| *value);
        next.or_else(|| {
            args.iter().find(|arg| options.iter().any(|it| arg.starts_with(it) && arg.len() > it.len())).copied()
        })
    };
    let having = |parts: &[&str]| args.iter().find(|arg| parts.iter().any(|part| arg.contains(part))).copied();
    match command.name().as_bytes() {
        b"sshpass" => after(&["-p", "-f"]),
        b"curl" => after(&["-u", "--user"]).or_else(|| having(&["password=", "pass=", "pwd="])),
        b"wget" => having(&["password="]),
        b"mysql" | b"mariadb" => {
            args.iter().find(|arg| arg.starts_with("-p") && arg.len() > 2).copied().or(having(&["--password="]))
        }
        b"smbclient" | b"rpcclient" => having(&["%"]),
        b"ldapsearch" => after(&["-w"]),
        b"redis-cli" => after(&["-a"]),
        b"plink" => after(&["-pw"]),
        b"xfreerdp" => having(&["/p:"]),
        b"unzip" => after(&["-P"]),
        b"7z" => args.iter().find(|arg| arg.starts_with("-p") && arg.len() > 2).copied(),
        b"gpg" => after(&["--passphrase"]),
        _ => None,
    }
}

fn tool(e: &ExecEvent<'_>, names: &TextSet, out: &mut Out<'_>) {
    let image = e.image();
    let command = Command::of(&image);
    if command.is(names) && !is_package_management(&image) {
        out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
    }
}

/// FNV-1a: to tell passwords apart without keeping them.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
