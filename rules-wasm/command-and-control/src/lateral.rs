//! From this machine to others: ssh, and whatever else runs commands there.

use std::collections::BTreeSet;
use std::time::Duration;

use common::command::{Command, Syntax, called, line};
use common::context::{is_ci, is_configuration_management};
use common::peers::{Host, find};
use common::programs::{is_world_writable, label, starter};
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::CommandAndControl;
use crate::initial_access::is_server;
use crate::tunnel::SSH;

const STARTERS: usize = 512;
const KEEP: Duration = Duration::from_secs(2 * 60);
/// Machines that somebody logs in to in two minutes, and which are a spread.
const MACHINES: usize = 4;
/// Letters of scp that take a value.
const SCP: &str = "cDFiJloPSX";

/// What a worm has the next machine do.
static FETCH_AND_RUN: [(&[u8], &[u8]); 8] = [
    (b"curl", b"sh"),
    (b"wget", b"sh"),
    (b"curl", b"chmod"),
    (b"wget", b"chmod"),
    (b"base64", b"sh"),
    (b"/dev/tcp/", b"/"),
    (b"nohup", b"/tmp/"),
    (b"python", b"http"),
];
/// Tools that run commands on machines with Windows or over its protocols.
static WINDOWS: TextSet = TextSet::new().equals(&[
    "atexec.py",
    "cme",
    "crackmapexec",
    "dcomexec.py",
    "evil-winrm",
    "impacket-atexec",
    "impacket-dcomexec",
    "impacket-psexec",
    "impacket-smbexec",
    "impacket-wmiexec",
    "netexec",
    "nxc",
    "pth-winexe",
    "psexec.py",
    "smbexec.py",
    "winexe",
    "wmiexec.py",
]);
/// Tools that have many machines do something.
static DEPLOYMENT: TextSet = TextSet::new().equals(&[
    "ansible",
    "mco",
    "pdsh",
    "pssh",
    "parallel-ssh",
    "clush",
    "dsh",
    "salt",
    "salt-ssh",
    "fab",
]);

/// Machines that somebody logged in to lately, by who started ssh.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Spread {
    machines: Recent<u64, Machines>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Machines {
    names: BTreeSet<Vec<u8>>,
    is_told: bool,
}

impl Default for Spread {
    fn default() -> Self {
        Self { machines: Recent::new(STARTERS, KEEP) }
    }
}

impl Spread {
    pub(crate) fn with_limits(self) -> Self {
        Self { machines: self.machines.with_limits(STARTERS, KEEP) }
    }

    /// Counts a machine; gives how many there are, once they are a spread.
    fn count(&mut self, now: u64, starter: u64, machine: Text<'_>) -> Option<usize> {
        const MOST: usize = 64;
        if self.machines.get(now, &starter).is_none() {
            self.machines.insert(now, starter, Machines::default());
        }
        let machines = self.machines.get_mut(now, &starter)?;
        if machines.names.len() < MOST {
            machines.names.insert(machine.as_bytes().to_vec());
        }
        let is_spread = machines.names.len() >= MACHINES && !std::mem::replace(&mut machines.is_told, true);
        is_spread.then_some(machines.names.len())
    }
}

pub(crate) fn add(r: &mut Rules<CommandAndControl>) {
    r.rule("lateral-movement/ssh-odd-login")
        .summary("ssh was started as intruders do: by a server, with a key from a temporary folder, or blind to whom it meets")
        .severity(Medium)
        .attack("T1021.004")
        .attack("T1078")
        .property("maturity", "stable")
        .property("misses", "a login that looks like everybody's")
        .only(called(&["ssh", "scp", "sftp", "dbclient", "slogin"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            if !command.name().one_of(&["ssh", "scp", "sftp", "dbclient", "slogin"]) {
                return;
            }
            let call = command.options(&Syntax::new(if command.name() == "scp" { SCP } else { SSH }, &[]));
            let is_expected = is_ci(&image) || is_configuration_management(&image);
            let by_server = starter(&image).is_some_and(|parent| is_server(&parent))
                || image.ancestors().take(4).any(|ancestor| is_server(&ancestor));
            let loose_key = call.values(&["i"]).find(|key| is_world_writable(*key) || key.file_name().starts_with("."));
            let options: Vec<Vec<u8>> =
                call.values(&["o"]).map(|option| option.as_bytes().to_ascii_lowercase().replace_equals()).collect();
            let says = |option: &[u8]| options.iter().any(|given| given == option);
            let is_blind = says(b"stricthostkeychecking=no") && (says(b"userknownhostsfile=/dev/null") || says(b"batchmode=yes"));
            let host = call.operands().first().copied().unwrap_or_default();
            let is_own = Host::of(host).is_some_and(|host| host.is_own());
            let what = if by_server {
                "by a server"
            } else if loose_key.is_some() {
                "with a key from where everybody may write"
            } else if is_blind {
                "blind to whom it meets"
            } else {
                return;
            };
            let finding = out.finding(format!("{} was started {what}", line(&image))).field("to", host);
            // Tests and deployments make keys of their own.
            let is_mild = !by_server && (is_expected || is_own || (is_blind && loose_key.is_none() && command.name() != "ssh"));
            finding.severity(if by_server { High } else if is_mild { Low } else { Medium });
        });

    r.rule("lateral-movement/remote-fetch-and-run")
        .summary("Another machine was told over ssh to fetch something and run it, as worms do")
        .severity(High)
        .attack("T1021.004")
        .attack("T1105")
        .attack("T1570")
        .property("maturity", "stable")
        .property("misses", "commands that are read from a file or standard input")
        .only(called(&[
            "ssh",
            "sshpass",
            "dbclient",
            "slogin",
            "ansible",
            "mco",
            "pdsh",
            "pssh",
            "parallel-ssh",
            "clush",
            "dsh",
            "salt",
            "salt-ssh",
            "fab",
        ]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            if !(name.one_of(&["ssh", "sshpass", "dbclient", "slogin"]) || DEPLOYMENT.matches(name)) {
                return;
            }
            let call = Command::of(&image).options(&Syntax::new(SSH, &[]));
            let remote: Vec<u8> = if name == "ssh" {
                call.operands().iter().skip(1).flat_map(|word| [word.as_bytes(), b" "].concat()).collect()
            } else {
                args.iter().flat_map(|word| [word.as_bytes(), b" "].concat()).collect()
            };
            let says = |part: &[u8]| find(&remote, part).is_some();
            let runs = |what: &[u8]| match what {
                b"sh" => {
                    says(b"| sh")
                        || says(b"|sh")
                        || says(b"| bash")
                        || says(b"|bash")
                        || says(b"; sh ")
                        || says(b"&& sh ")
                }
                what => says(what),
            };
            if FETCH_AND_RUN.iter().any(|(fetch, run)| says(fetch) && runs(run)) {
                let finding = out.finding(format!("{} has another machine fetch and run something", line(&image)));
                if is_configuration_management(&image) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("lateral-movement/ssh-spread")
        .summary("One script logged in to many machines in a short time")
        .severity(Medium)
        .attack("T1021.004")
        .attack("T1570")
        .property("maturity", "incubating")
        .property("misses", "few machines, and a program that speaks ssh itself")
        .only(called(&["ssh", "scp", "sftp", "rsync", "dbclient"]))
        .on_exec(|pack, e, out| {
            let image = e.image();
            let name = Command::of(&image).name();
            if !name.one_of(&["ssh", "scp", "sftp", "rsync", "dbclient"]) {
                return;
            }
            let call = Command::of(&image).options(&Syntax::new(if name == "scp" { SCP } else { SSH }, &[]));
            let remote = |operand: &&Text<'_>| name != "scp" && name != "rsync" || operand.contains(":");
            let machine = match name {
                name if name.one_of(&["scp", "rsync"]) => call.operands().iter().rev().find(remote),
                _ => call.operands().first(),
            };
            let Some(host) = machine.and_then(|machine| Host::of(*machine)) else { return };
            let Some(parent) = starter(&image) else { return };
            if let Some(count) = pack.spread.count(e.time(), parent.id(), host.name) {
                let finding = out
                    .finding(format!("{} logged in to {count} machines", label(&parent)))
                    .about(&parent)
                    .fact("machines", count as u64);
                if is_configuration_management(&parent) || is_ci(&parent) || parent.tty().is_some() {
                    finding.severity(Low);
                }
            }
        });

    r.rule("lateral-movement/ssh-with-password")
        .summary("ssh was given a password by a program, as scripts do that try what they have found")
        .severity(Medium)
        .attack("T1021.004")
        .attack("T1078")
        .property("maturity", "stable")
        .property("misses", "programs that speak ssh themselves")
        .only(called(&["sshpass", "plink"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let name = Command::of(&image).name();
            if !name.one_of(&["sshpass", "plink"]) {
                return;
            }
            let has_password = name == "sshpass" || image.args().any(|arg| arg == "-pw");
            if has_password {
                let finding = out.finding(format!("{} gives a password", line(&image)));
                if is_configuration_management(&image) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("lateral-movement/windows-tool")
        .summary("A tool was started that runs commands on machines with Windows, or over its protocols")
        .severity(High)
        .attack("T1021.002")
        .attack("T1570")
        .attack("T1210")
        .property("maturity", "incubating")
        .property("misses", "tools under another name")
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let is_share = name == "smbclient" && args.iter().any(|arg| arg.ends_with("$") && arg.contains("/"));
            if WINDOWS.matches(name) {
                out.finding(format!("{} works on other machines", line(&image)));
            } else if is_share {
                out.finding(format!("{} opened a share for administrators", line(&image))).severity(Medium);
            }
        });

    r.rule("lateral-movement/remote-service-abuse")
        .summary(
            "A service on another machine was told to write files, load code or start containers for whoever asked",
        )
        .severity(High)
        .attack("T1210")
        .attack("T1021")
        .attack("T1059")
        .property("maturity", "incubating")
        .property("misses", "programs that speak the protocol themselves")
        .only(called(&["redis-cli", "valkey-cli", "docker", "curl", "wget"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let says = |words: &[&[u8]]| {
                args.iter().any(|arg| words.iter().any(|word| arg.as_bytes().eq_ignore_ascii_case(word)))
            };
            let is_redis = name.one_of(&["redis-cli", "valkey-cli"])
                && ((says(&[b"config"]) && says(&[b"set"]) && says(&[b"dir", b"dbfilename"]))
                    || (says(&[b"module"]) && says(&[b"load"]))
                    || (says(&[b"slaveof", b"replicaof"]) && !says(&[b"no"])));
            let is_docker = name == "docker"
                && args.iter().any(|arg| {
                    arg.starts_with("tcp://") || arg.starts_with("-Htcp://") || arg.starts_with("--host=tcp://")
                })
                && says(&[b"run", b"exec", b"create"]);
            // The same without the client.
            let is_request = name.one_of(&["curl", "wget"])
                && args
                    .iter()
                    .any(|arg| arg.contains(":2375/") || arg.contains(":10250/run/") || arg.contains(":10250/exec/"));
            if is_redis || is_docker {
                out.finding(format!("{} makes another machine do something", line(&image)));
            } else if is_request {
                out.finding(format!("{} asks another machine's runtime", line(&image))).severity(Medium);
            }
        });

    r.rule("lateral-movement/deployment-tool")
        .summary("A tool that has many machines do something was given a command on its command line")
        .severity(Low)
        .attack("T1072")
        .attack("T1021.004")
        .property("maturity", "incubating")
        .property("misses", "playbooks and recipes")
        .only(called(&["ansible", "mco", "pdsh", "pssh", "parallel-ssh", "clush", "dsh", "salt", "salt-ssh", "fab"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            if !DEPLOYMENT.matches(name) {
                return;
            }
            let follows =
                |option: &str, words: &[&str]| args.windows(2).any(|pair| pair[0] == option && pair[1].one_of(words));
            let is_ansible = name == "ansible"
                && (follows("-m", &["shell", "command", "raw", "script", "copy"])
                    || args.iter().any(|arg| *arg == "-a"));
            let is_salt = name.starts_with("salt") && args.iter().any(|arg| arg.starts_with("cmd."));
            let is_other = !name.one_of(&["ansible", "salt", "salt-ssh"]) && args.len() > 1;
            if is_ansible || is_salt || is_other {
                let everywhere = args.iter().any(|arg| arg.one_of(&["all", "*", "-a"]));
                // Who types it is at work; a script that has all machines run a command is worth a look.
                let severity = if image.tty().is_none() && everywhere && !is_ci(&image) { Medium } else { Low };
                out.finding(format!("{} has other machines run something", line(&image))).severity(severity);
            }
        });
}

/// Options of ssh are written `Name=value` or `Name value`.
trait ReplaceEquals {
    fn replace_equals(self) -> Self;
}

impl ReplaceEquals for Vec<u8> {
    fn replace_equals(self) -> Self {
        self.into_iter().map(|byte| if byte == b' ' { b'=' } else { byte }).collect()
    }
}
