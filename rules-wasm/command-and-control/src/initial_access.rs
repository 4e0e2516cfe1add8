//! How intruders get in, as far as it shows on the network: servers that fetch, installers that run what their packages
//! bring, management ports that are open to the world.

use common::command::{Command, called, line};
use common::context::{is_build, lineage};
use common::families;
use common::peers::{Reach, reach};
use common::programs::{is_in_system, is_named, is_shell, is_system, label};
use lanner_sdk::prelude::*;

use crate::CommandAndControl;
use crate::relay::RELAYS;

/// Programs that serve a network and have no reason to fetch anything.
static SERVERS: TextSet = TextSet::new().equals(families::SERVERS).equals(&[
    "beam.smp",
    "cupsd",
    "dnsmasq",
    "gunicorn",
    "haproxy",
    "influxd",
    "mongod",
    "mosquitto",
    "pure-ftpd",
    "slapd",
    "smbd",
    "snmpd",
    "uvicorn",
    "varnishd",
]);
/// Parts of the command line of servers that run in Java.
static JAVA_SERVERS: TextSet = TextSet::new().contains(&[
    "org.apache.catalina",
    "catalina.base",
    "jboss.home",
    "jetty.home",
    "weblogic",
    "activemq",
    "confluence",
    "org.elasticsearch",
    "solr.",
    "spring-boot",
    "jenkins.war",
]);
/// What brings something from the network, or takes something there.
static FETCHERS: TextSet = TextSet::new().equals(families::FETCHERS);
/// What installs packages of a language, and runs what they bring.
static INSTALLERS: TextSet = TextSet::new().equals(&[
    "npm",
    "npm-cli.js",
    "npx",
    "npx-cli.js",
    "pip",
    "pip3",
    "pnpm",
    "setup.py",
    "yarn",
    "yarn.js",
    "gem",
    "bundle",
    "composer",
    "composer.phar",
    "cargo",
    "_in_process.py",
]);
/// Ports by which whoever reaches them runs what he likes.
const MANAGEMENT: [u16; 14] = [23, 513, 514, 2375, 2376, 2379, 3389, 5900, 5901, 5985, 6379, 10250, 11211, 27017];
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

pub(crate) fn add(r: &mut Rules<CommandAndControl>) {
    r.rule("initial-access/server-fetches")
        .summary(
            "A program that serves the network had something fetched or sent: the mark of a hole in it that is used",
        )
        .severity(High)
        .attack("T1190")
        .attack("T1105")
        .attack("T1505.003")
        .property("maturity", "stable")
        .property("misses", "servers that fetch by themselves")
        .only(called(&[
            "curl",
            "wget",
            "wget2",
            "fetch",
            "ftp",
            "tftp",
            "lftp",
            "scp",
            "sftp",
            "aria2c",
            "axel",
            "lwp-download",
            "ncftpget",
            "cryptcat",
            "nc",
            "nc.openbsd",
            "nc.traditional",
            "ncat",
            "netcat",
            "socat",
            "socat1",
            "telnet",
        ]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let name = Command::of(&image).name();
            if !(FETCHERS.matches(name) || (RELAYS.matches(name) && name != "busybox")) {
                return;
            }
            // What the server's own installed scripts do is what somebody meant.
            let meant = image.ancestors().take(4).any(|ancestor| is_in_system(ancestor.script()));
            let server = image.ancestors().take(4).find(is_server).filter(|_| !meant);
            if let Some(server) = server {
                out.finding(format!("{} started {}", label(&server), line(&image))).field("server", label(&server));
            }
        });

    r.rule("initial-access/package-script-fetches")
        .summary("A script that came with a package fetched or sent something while the package was installed")
        .severity(Medium)
        .attack("T1195.002")
        .attack("T1195.001")
        .attack("T1105")
        .property("maturity", "incubating")
        .property("misses", "scripts that speak HTTP themselves, as those in JavaScript and Python do")
        .only(called(&[
            "curl",
            "wget",
            "wget2",
            "fetch",
            "ftp",
            "tftp",
            "lftp",
            "scp",
            "sftp",
            "aria2c",
            "axel",
            "lwp-download",
            "ncftpget",
            "cryptcat",
            "nc",
            "nc.openbsd",
            "nc.traditional",
            "ncat",
            "netcat",
            "socat",
            "socat1",
            "telnet",
        ]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let name = Command::of(&image).name();
            if !(FETCHERS.matches(name) || (RELAYS.matches(name) && name != "busybox")) {
                return;
            }
            if let Some(installer) = image.ancestors().take(8).find(is_installer) {
                out.finding(format!("{} was started while {} installed a package", line(&image), label(&installer)));
            }
        })
        .unfiltered()
        .only(connect::family().one_of([AF_INET, AF_INET6]))
        .only(process::exe().ends_with(["/bash", "/sh", "/dash", "/zsh"]))
        .on_connect(|_, e, out| {
            let process = e.process();
            if !is_shell(&process) || e.port() == Some(53) {
                return;
            }
            if let Some(installer) = process.ancestors().take(8).find(is_installer) {
                out.finding(format!(
                    "{} talked to the network while {} installed a package",
                    label(&process),
                    label(&installer)
                ));
            }
        });

    r.rule("initial-access/management-from-outside")
        .summary("Somebody on the internet connected to a port by which this machine is managed")
        .severity(Medium)
        .attack("T1133")
        .attack("T1190")
        .property("maturity", "incubating")
        .property("misses", "ssh, which many machines have open, and ports that were moved")
        .only(accept::local_port().one_of(MANAGEMENT))
        .on_accept(|_, e, out| {
            let Some(peer) = e.address().filter(|peer| reach(*peer) == Reach::Far) else { return };
            let port = e.local_port().unwrap_or_default();
            out.finding(format!("{} took a connection from {peer} at port {port}", label(&e.process())))
                .field("peer", peer)
                .key(format!("{port}"));
        });

    r.rule("initial-access/runtime-opened")
        .summary("A service by which this machine is managed was opened to the network without a password")
        .severity(Medium)
        .attack("T1133")
        .attack("T1190")
        .property("maturity", "incubating")
        .property("misses", "what a configuration file says")
        .only(called(&[
            "dockerd",
            "redis-server",
            "redis-check-rdb",
            "valkey-server",
            "kubelet",
            "telnetd",
            "in.telnetd",
            "rshd",
            "in.rshd",
        ]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let says = |part: &str| args.iter().any(|arg| arg.contains(part));
            let is_docker = name == "dockerd"
                && (says("tcp://0.0.0.0") || says("tcp://:") || says("tcp://[::]"))
                && !args.iter().any(|arg| arg.starts_with("--tlsverify"));
            let is_redis = name.one_of(&["redis-server", "valkey-server"])
                && args.windows(2).any(|pair| pair[0] == "--protected-mode" && pair[1] == "no")
                && args.windows(2).any(|pair| pair[0] == "--bind" && pair[1].contains("0.0.0.0"));
            let is_kubelet =
                name == "kubelet" && (says("--anonymous-auth=true") || says("--authorization-mode=AlwaysAllow"));
            let is_telnet = name.one_of(&["telnetd", "in.telnetd", "rshd", "in.rshd"]);
            if is_docker || is_redis || is_kubelet || is_telnet {
                let finding = out.finding(format!("{} is open to the network", line(&image)));
                // Whoever bakes images does so on purpose.
                if is_build(&image) {
                    finding.severity(Low);
                }
            }
        });
}

/// Whether it is a program that serves the network.
pub(crate) fn is_server(process: &Process<'_>) -> bool {
    if process.name() == "java" {
        return process.args().take(64).any(|arg| JAVA_SERVERS.matches(arg));
    }
    is_named(process, &SERVERS) || is_named_script(process)
}

/// Servers that are scripts: gunicorn, uvicorn.
fn is_named_script(process: &Process<'_>) -> bool {
    is_system(process) && !process.script().is_empty() && SERVERS.matches(process.script().file_name())
}

/// Whether it installs a package: goes by names that only make a finding, never unmake one.
fn is_installer(process: &Process<'_>) -> bool {
    let (name, args) = Command::of(process).parts();
    let by_node = process.name() == "node" && args.first().is_some_and(|script| INSTALLERS.matches(script.file_name()));
    let by_module = args.windows(2).any(|pair| pair[0] == "-m" && INSTALLERS.matches(pair[1]));
    let installs = |words: &[&str]| process.args().take(16).any(|arg| arg.one_of(words));
    let is_npm = process.name() == "node" && process.args().next().is_some_and(|called| called.starts_with("npm "));
    let is_one = INSTALLERS.matches(name) || by_node || by_module;
    // A script that is run on purpose (`npm run`, `cargo run`) is not an installation.
    let is_run = installs(&["run", "start", "test", "exec", "bench", "run-script"]);
    (is_one || is_npm) && !is_run && lineage(process).next().is_some()
}
