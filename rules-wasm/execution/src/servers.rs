//! Commands that programs run which serve the network or show what others sent: the marks of holes in them.

use common::context::{is_ci, is_container_runtime};
use common::families;
use common::programs::{
    is_in_system, is_interpreter, is_named, is_package_management, is_shell, is_world_writable, label, starter,
};
use lanner_sdk::prelude::*;

use crate::Execution;
use crate::places::is_expected;

/// Programs that serve a network and have no reason to start a shell.
static SERVERS: TextSet = TextSet::new().equals(families::SERVERS).equals(&[
    "activemq",
    "beam.smp",
    "clamd",
    "clickhouse-server",
    "confluence",
    "consul",
    "couchdb",
    "cupsd",
    "dnsmasq",
    "dovecot",
    "elasticsearch",
    "etcd",
    "grafana",
    "grafana-server",
    "haproxy",
    "influxd",
    "mongod",
    "mosquitto",
    "nats-server",
    "node_exporter",
    "openresty",
    "oracle",
    "prometheus",
    "pure-ftpd",
    "rsync",
    "slapd",
    "smbd",
    "snmpd",
    "sqlservr",
    "tomcat",
    "traefik",
    "unbound",
    "varnishd",
    "vault",
]);
/// What is run to look around, to fetch more, or to stay, and not to serve.
static COMMANDS: TextSet = TextSet::new().equals(&[
    "base64",
    "chattr",
    "crontab",
    "curl",
    "dig",
    "find",
    "getent",
    "groups",
    "hostname",
    "id",
    "ifconfig",
    "ip",
    "last",
    "lsof",
    "nc",
    "nc.openbsd",
    "nc.traditional",
    "ncat",
    "netstat",
    "nohup",
    "nslookup",
    "perl",
    "ps",
    "python3",
    "ruby",
    "socat",
    "ss",
    "ssh",
    "su",
    "sudo",
    "telnet",
    "uname",
    "w",
    "wget",
    "who",
    "whoami",
]);
/// The same on the command line of a shell.
static SUSPICIOUS: TextSet = TextSet::new().contains(&[
    "/bin/bash -i",
    "/dev/shm",
    "/dev/tcp/",
    "/etc/passwd",
    "/etc/shadow",
    "base64",
    "bash -i",
    "chmod +x",
    "chmod 777",
    "crontab",
    "curl ",
    "hostname",
    "ifconfig",
    "nc -",
    "ncat ",
    "netstat",
    "nohup",
    "perl -e",
    "ps aux",
    "python -c",
    "python3 -c",
    "uname",
    "wget ",
    "whoami",
]);
static WHOLE: TextSet = TextSet::new().equals(&["id", "ls", "ps", "pwd", "w", "who", "id;", "ls -la", "ls -l", "ls /"]);
/// What shows people what others sent them.
static DOCUMENTS: TextSet = TextSet::new().equals(&[
    "atril",
    "chrome",
    "chromium",
    "eog",
    "evince",
    "evolution",
    "firefox",
    "firefox-bin",
    "firefox-esr",
    "gs",
    "mupdf",
    "okular",
    "oosplash",
    "slack",
    "soffice",
    "soffice.bin",
    "thunderbird",
    "thunderbird-bin",
    "totem",
    "vlc",
    "wps",
    "xpdf",
    "xreader",
    "zathura",
]);
/// What servers run with a shell because that is how it is done: it is no more than it says.
static HELPERS: TextSet = TextSet::new().file_name(&[
    "barman-wal-archive",
    "cronolog",
    "envdir",
    "pgbackrest",
    "postgres",
    "rotatelogs",
    "sendmail",
    "wal-e",
    "wal-g",
]);
const SIGNALS_OF_HOLES: [u32; 4] = [4, 7, 11, 31];
/// So many crashes within a minute are somebody who tries.
const MANY_CRASHES: u32 = 3;

pub(crate) fn add(r: &mut Rules<Execution>) {
    r.rule("execution/shell-from-server")
        .summary(
            "A program that serves the network started a shell: the mark of a web shell, or of a hole in the server",
        )
        .severity(High)
        .attack("T1190")
        .attack("T1505.003")
        .attack("T1059.004")
        .property("maturity", "stable")
        .property("misses", "servers of other names, and those that run commands without a shell")
        .on_exec(|_, e, out| {
            let image = e.image();
            // Installed scripts are the server's own: filters, hooks, helpers.
            if !is_shell(&image) || is_in_system(image.script()) || is_helper(&image) {
                return;
            }
            if let Some(server) = starter(&image).filter(is_server) {
                let finding = out.finding(format!("{} started {}", label(&server), image.command_line()));
                finding.field("server", label(&server));
            }
        });

    r.rule("execution/command-from-server")
        .summary("A program that serves the network ran what looks around, fetches more, or was just put there")
        .severity(High)
        .attack("T1190")
        .attack("T1505.003")
        .attack("T1059")
        .property("maturity", "incubating")
        .property("misses", "servers of other names")
        .on_exec(|_, e, out| {
            let image = e.image();
            let odd = COMMANDS.matches(image.name()) || is_world_writable(image.exe());
            if !odd || is_package_management(&image) {
                return;
            }
            // Through its shell, too, where that was told so.
            let server = image.ancestors().take(3).find(|each| !is_shell(each) || is_in_system(each.script()));
            if let Some(server) = server.filter(is_server) {
                out.finding(format!("{} ran {}", label(&server), image.command_line()));
            }
        });

    r.rule("execution/command-from-listener")
        .summary("An interpreter or Java that serves the network ran a command by a shell")
        .severity(Medium)
        .attack("T1190")
        .attack("T1505.003")
        .attack("T1059.004")
        .property("maturity", "incubating")
        .property("misses", "servers that listened before this host began; commands without a shell")
        .only(process::exe().contains(["/bun", "/deno", "/java", "/node", "/perl", "/php", "/python", "/ruby"]))
        .only(listen::family().one_of([2_u16, 10]))
        .on_listen(|pack, e, _| {
            if !e.failed() {
                pack.state.listeners.insert(e.time(), e.process().id(), e.port().unwrap_or_default());
            }
        })
        .unfiltered()
        .on_exec(|pack, e, out| {
            let image = e.image();
            if !is_shell(&image) || is_in_system(image.script()) || is_ci(&image) || is_package_management(&image) {
                return;
            }
            let server = image
                .ancestors()
                .take(3)
                .find_map(|each| pack.state.listeners.get(e.time(), &each.id()).map(|port| (each, *port)));
            let Some((server, port)) = server else { return };
            // What it runs to find out about itself is worth a line, no more.
            let finding =
                out.finding(format!("{}, which serves port {port}, ran {}", label(&server), image.command_line()));
            if !looks_around(&image) || is_expected(&image) {
                finding.severity(Low);
            }
        });

    r.rule("execution/command-from-connection")
        .summary("An interpreter that has a connection ran a command by a shell, as somebody does who has just come in")
        .severity(Medium)
        .attack("T1059.006")
        .attack("T1059.004")
        .attack("T1059.007")
        .property("maturity", "sandbox")
        .property("misses", "connections that were made before this host began; commands without a shell")
        .on_exec(|pack, e, out| {
            let image = e.image();
            if !is_shell(&image) || !looks_around(&image) || is_ci(&image) || is_package_management(&image) {
                return;
            }
            let Some(by) = image.parent() else { return };
            // Who serves has a rule of his own.
            if let Some(peer) = pack.state.connected.get(e.time(), &by.id())
                && pack.state.listeners.get(e.time(), &by.id()).is_none()
            {
                let finding =
                    out.finding(format!("{}, which is connected to {peer}, ran {}", label(&by), image.command_line()));
                if is_expected(&image) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("execution/shell-from-document-program")
        .summary("A program that shows people what others sent them started a shell or an interpreter")
        .severity(High)
        .attack("T1203")
        .attack("T1204.002")
        .property("maturity", "incubating")
        .property("misses", "programs of other names")
        .on_exec(|_, e, out| {
            let image = e.image();
            if !(is_shell(&image) || is_interpreter(&image)) || is_in_system(image.script()) {
                return;
            }
            let given = image.args().skip(1).find(|word| !word.starts_with("-")).unwrap_or_default();
            if is_in_system(given) && !is_shell(&image) {
                return;
            }
            if let Some(program) = starter(&image).filter(|by| DOCUMENTS.matches(by.name())) {
                out.finding(format!("{} started {}", label(&program), image.command_line()));
            }
        });

    r.rule("execution/server-crash")
        .summary(
            "A program that serves the network crashed, several times within a minute: somebody tries a hole in it",
        )
        .severity(Medium)
        .attack("T1190")
        .attack("T1210")
        .attack("T1499.004")
        .property("maturity", "incubating")
        .property("misses", "holes that do not crash what they are in; a single crash is a hint only")
        .only(exit::signal().one_of(SIGNALS_OF_HOLES))
        .on_exit(|pack, e, out| {
            let process = e.process();
            let is_known = is_server(&process) || DOCUMENTS.matches(process.name()) || process.is_setuid();
            if !is_known {
                return;
            }
            let exe = process.exe().as_bytes().to_vec();
            let count = pack.state.crashes.get(e.time(), &exe).copied().unwrap_or_default() + 1;
            let finding =
                out.finding(format!("{} crashed with signal {}", label(&process), e.signal())).field("crashes", count);
            if count < MANY_CRASHES {
                finding.severity(Low);
            }
            pack.state.crashes.insert(e.time(), exe, count);
        });
}

/// Whether a shell's command is one of somebody who has just come in.
fn looks_around(shell: &Process<'_>) -> bool {
    shell.args().skip(1).any(|word| SUSPICIOUS.matches(word) || WHOLE.matches(Text::new(word.as_bytes().trim_ascii())))
}

/// What servers run so by design: a program of theirs, by a command of plain letters.
fn is_helper(shell: &Process<'_>) -> bool {
    let mut arguments = shell.args().skip(1);
    let plain = |command: Text<'_>| {
        let program = command.as_bytes().split(|byte| *byte == b' ').find(|word| *word != b"exec").unwrap_or_default();
        let program = Text::new(program.strip_prefix(b"\"").unwrap_or(program));
        let program = Text::new(program.as_bytes().strip_suffix(b"\"").unwrap_or(program.as_bytes()));
        let letters =
            command.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b" /-_.,:+=@'\"%".contains(byte));
        if command == "locale -a" {
            // PostgreSQL asks so for what it can sort by.
            return true;
        }
        // `cp` and `test` are how PostgreSQL's manual keeps logs.
        let archives = command.starts_with("cp /var/lib/") || command.starts_with("test ! -f /");
        (letters && is_in_system(program) && HELPERS.matches(program))
            || archives && !command.contains(";") && !command.contains("|")
    };
    arguments.next().is_some_and(|option| option == "-c") && arguments.next().is_some_and(plain)
}

fn is_server(process: &Process<'_>) -> bool {
    let name = process.name();
    let is_daemon = name != "rsync" || process.args().any(|word| word.starts_with("--daemon"));
    let is_php = is_named(process, &PHP) && process.args().skip(1).any(|word| word == "-S");
    let is_java = name == "java" && process.args().any(|word| JAVA_SERVERS.matches(word));
    let is_apache = name.starts_with("apache2") || name.starts_with("php-fpm");
    (is_named(process, &SERVERS) && is_daemon || is_php || is_java || is_apache) && !is_container_runtime(process)
}

static PHP: TextSet = TextSet::new().equals(&["php"]);
static JAVA_SERVERS: TextSet = TextSet::new().contains(&[
    "activemq",
    "catalina",
    "confluence",
    "elasticsearch",
    "geoserver",
    "jboss",
    "jenkins.war",
    "jetty",
    "jira",
    "kafka",
    "solr",
    "tomcat",
    "weblogic",
    "wildfly",
    "zookeeper",
]);
