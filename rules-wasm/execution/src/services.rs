//! Services that are started by hand, what is asked of the system's own services, and tools that run commands on many machines.

use common::changes::on_write;
use common::command::{Command, line};
use common::context::is_configuration_management;
use common::programs::{is_in_system, is_interpreter, is_package_management, is_shell, is_world_writable, label};
use lanner_sdk::prelude::*;

use crate::Execution;
use crate::places::is_expected;

/// Where units lie that somebody writes by hand.
static UNITS: TextSet = TextSet::new()
    .starts_with(&[
        "/etc/systemd/system/",
        "/lib/systemd/system/",
        "/run/systemd/system/",
        "/usr/lib/systemd/system/",
        "/etc/init.d/",
    ])
    .contains(&["/.config/systemd/user/"]);
const VERBS: [&str; 9] =
    ["daemon-reload", "enable", "link", "reenable", "reload-or-restart", "restart", "start", "try-restart", "isolate"];
/// What is asked of systemd and others over D-Bus that runs something, or lets somebody in.
static METHODS: TextSet = TextSet::new().contains(&[
    "CreateUser",
    "EnableUnitFiles",
    "InstallFiles",
    "InstallPackages",
    "LinkUnitFiles",
    "RunCommand",
    "SetPassword",
    "StartTransientUnit",
    "StartUnit",
    "RestartUnit",
]);

pub(crate) fn add(r: &mut Rules<Execution>) {
    let rule = r
        .rule("execution/fresh-service-started")
        .summary("A service was started or switched on that somebody had just written")
        .severity(High)
        .attack("T1569.003")
        .attack("T1569.002")
        .attack("T1543.002")
        .property("maturity", "stable")
        .property("misses", "services that start with the machine, or when something happens");
    on_write(rule, &UNITS, |pack, change, _| {
        let by_systemd =
            common::programs::is_system(&change.process) && change.process.name().one_of(&["systemctl", "systemd"]);
        let done = change.outcome == common::outcome::Outcome::Done;
        if done
            && !by_systemd
            && !is_package_management(&change.process)
            && !is_configuration_management(&change.process)
        {
            let path = change.path;
            // What lies in `x.service.d/` is part of x.service.
            let folder = path.directory().file_name();
            let name = if folder.ends_with(".d") && path.ends_with(".conf") {
                Text::new(folder.as_bytes().strip_suffix(b".d").unwrap_or_default())
            } else {
                path.file_name()
            };
            pack.state.units.insert(change.time, unit(name), change.seq);
        }
    })
    .only(
        exec::image::exe()
            .ends_with(["/systemctl", "/service", "/rc-service", "/invoke-rc.d"])
            .or(exec::image::argv().contains(["/service\0"])),
    )
    .on_exec(|pack, e, out| {
        let image = e.image();
        let words: Vec<_> = image.args().skip(1).filter(|word| !word.starts_with("-")).collect();
        let is_service = image.name() != "systemctl";
        if !is_service && !words.first().is_some_and(|verb| verb.one_of(&VERBS)) || is_package_management(&image) {
            return;
        }
        for word in &words {
            let path = Text::new(word.as_bytes());
            let is_file = word.starts_with("/") && word.ends_with(".service")
                || word.ends_with(".timer") && word.starts_with("/");
            let odd = is_file && !is_in_system(path) && !path.starts_with("/etc/systemd/");
            let written = pack.state.units.get(e.time(), &unit(word.file_name())).copied();
            if odd || written.is_some() {
                let mut finding =
                    out.finding(format!("{} starts {word}, which is new", line(&image))).fact("unit", *word);
                if let Some(seq) = written {
                    finding = finding.because_of(seq);
                }
                if is_expected(&image) {
                    finding.severity(Low);
                }
                return;
            }
        }
    });

    r.rule("execution/transient-service")
        .summary("A command was given to systemd to be run as a service of its own")
        .severity(Medium)
        .attack("T1569.002")
        .attack("T1569.003")
        .property("maturity", "incubating")
        .property("misses", "what other programs ask of systemd")
        .only(exec::image::exe().ends_with(["/systemd-run"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let asks = image.args().skip(1).any(|word| word.one_of(&["--help", "--version", "--scope", "-h"]));
            if !asks && !is_package_management(&image) {
                let finding = out.finding(format!(
                    "{} had systemd run: {}",
                    image.parent().map(|by| label(&by)).unwrap_or_default(),
                    line(&image)
                ));
                if is_expected(&image) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("execution/daemon-from-odd-place")
        .summary("A daemon was started by hand whose program lies where everybody may write")
        .severity(Medium)
        .attack("T1569.002")
        .property("maturity", "incubating")
        .property("misses", "daemons that put themselves into the background")
        .only(exec::image::exe().ends_with([
            "/start-stop-daemon",
            "/daemonize",
            "/daemon",
            "/supervisorctl",
            "/pm2",
            "/runsv",
        ]))
        .on_exec(|_, e, out| {
            let image = e.image();
            if image.args().skip(1).any(is_world_writable) && !is_package_management(&image) {
                out.finding(format!("{} starts a daemon: {}", label(&image), line(&image)));
            }
        });

    r.rule("execution/dbus-call")
        .summary(
            "A service of the system was asked by hand to run something, to install something or to let somebody in",
        )
        .severity(Medium)
        .attack("T1559")
        .attack("T1569.002")
        .property("maturity", "incubating")
        .property("misses", "programs that speak D-Bus by themselves")
        .only(exec::image::exe().ends_with(["/busctl", "/dbus-send", "/gdbus", "/qdbus"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            if image.args().skip(1).any(|word| METHODS.matches(word)) && !is_package_management(&image) {
                out.finding(format!(
                    "{} asked: {}",
                    image.parent().map(|by| label(&by)).unwrap_or_default(),
                    line(&image)
                ));
            }
        });

    r.rule("execution/local-socket-by-hand")
        .summary("Somebody talks to a local service by a tool that copies bytes")
        .severity(Low)
        .attack("T1559")
        .property("maturity", "sandbox")
        .property("misses", "programs that open such sockets by themselves")
        .only(exec::image::exe().contains(["/nc", "/socat", "/ncat", "/busybox"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, arguments) = Command::of(&image).parts();
            let upper = |word: &Text<'_>| word.to_string_lossy().to_ascii_uppercase();
            let by_socat = name == "socat"
                && arguments.iter().any(|word| upper(word).starts_with("UNIX") || upper(word).starts_with("ABSTRACT"));
            let by_nc =
                name.starts_with("nc") && arguments.iter().any(|word| word.starts_with("-") && word.contains("U"));
            if by_socat || by_nc {
                out.finding(format!("{} talks to a local socket: {}", label(&image), line(&image)));
            }
        });

    r.rule("execution/deployment-command")
        .summary("A tool that sets up many machines was told to run a command rather than a plan")
        .severity(Medium)
        .attack("T1072")
        .property("maturity", "incubating")
        .property("misses", "commands in plans, and tools that run as a service")
        .on_exec(|_, e, out| {
            let image = e.image();
            // Most of them are scripts.
            let mut words = image.args();
            let first = words.next().unwrap_or_default().file_name();
            let tool = if is_interpreter(&image) { words.next().unwrap_or_default().file_name() } else { first };
            let rest: Vec<_> = words.collect();
            let has = |texts: &[&str]| rest.iter().any(|word| word.one_of(texts));
            let runs = match tool.as_bytes() {
                b"ansible" => {
                    has(&["shell", "command", "raw", "script", "ansible.builtin.shell", "ansible.builtin.command"])
                        || (has(&["-a"]) && !has(&["-m"]))
                }
                b"salt" | b"salt-call" | b"salt-ssh" => rest.iter().any(|word| word.starts_with("cmd.")),
                b"puppet" => has(&["apply"]) && has(&["-e", "--execute"]),
                b"bolt" => has(&["command"]) && has(&["run"]),
                b"knife" => has(&["ssh"]) && rest.len() > 2,
                b"chef-apply" => has(&["-e"]),
                b"pssh" | b"parallel-ssh" | b"pdsh" | b"clush" | b"dsh" => {
                    !rest.is_empty() && !has(&["--help", "--version"])
                }
                _ => false,
            };
            if runs && !is_shell(&image) {
                out.finding(format!("{} runs on other machines: {}", tool, line(&image)));
            }
        });
}

/// The full name of a unit, as systemctl takes it.
fn unit(name: Text<'_>) -> Vec<u8> {
    let bytes = name.as_bytes();
    let full = if bytes.contains(&b'.') { bytes.to_vec() } else { [bytes, b".service"].concat() };
    // An instance is of its template.
    match (full.iter().position(|byte| *byte == b'@'), full.iter().rposition(|byte| *byte == b'.')) {
        (Some(at), Some(dot)) if at < dot => [&full[..=at], &full[dot..]].concat(),
        _ => full,
    }
}
