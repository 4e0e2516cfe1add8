//! Programs that begin where none should: in memory, in temporary folders, on somebody's socket.

use std::net::SocketAddr;

use lanner_sdk::prelude::*;

use crate::Starter;
use crate::programs::{
    is_in_system, is_installed, is_named, is_package_management, is_shell, is_system, is_world_writable, label, starter,
};

/// File systems that are gone with the power: tmpfs and ramfs (statfs(2)).
const MEMORY_FILE_SYSTEMS: [u32; 2] = [0x0102_1994, 0x8584_58f6];
/// Where programs lie on machines whose root is a memory file system, beside the system's own folders.
static PROGRAM_FOLDERS: TextSet = TextSet::new().starts_with(&["/opt/", "/nix/store/", "/gnu/store/"]);
/// Container runtimes run a sealed copy of themselves from memory, so that no container can change them.
static RUNTIMES: TextSet = TextSet::new().equals(&["runc", "crun", "youki", "docker-runc", "containerd-shim-runc-v2"]);
/// Where k3s keeps its own.
const K3S: &str = "/var/lib/rancher/k3s/data";
const S_IWOTH: u32 = 0o002;

/// Programs that serve a network and have no reason to start a shell.
static SERVERS: TextSet = TextSet::new().equals(&[
    "apache",
    "beam.smp",
    "caddy",
    "clamd",
    "consul",
    "cupsd",
    "dnsmasq",
    "dovecot",
    "etcd",
    "exim",
    "haproxy",
    "httpd",
    "influxd",
    "lighttpd",
    "mariadbd",
    "memcached",
    "mongod",
    "mosquitto",
    "mysqld",
    "named",
    "nats-server",
    "nginx",
    "node_exporter",
    "php-cgi",
    "php-fpm",
    "postgres",
    "prometheus",
    "proftpd",
    "pure-ftpd",
    "redis-server",
    "rsync",
    "slapd",
    "smbd",
    "snmpd",
    "squid",
    "traefik",
    "unbound",
    "uwsgi",
    "varnishd",
    "vsftpd",
]);

pub(crate) fn add(r: &mut Rules<Starter>) {
    r.rule("execution/exec-from-memory")
        .summary("A program was run that lies in memory only, or was deleted before it ran: it leaves no file behind")
        .severity(High)
        .attack("T1620")
        .attack("T1564")
        .property("self-test", "exec-from-memory")
        .on_exec(|_, e, out| {
            let image = e.image();
            let exe = image.exe();
            if is_package_management(&image) {
                // Packages bring programs that run once, from where there is room.
            } else if image.is_memfd() {
                if !is_runtime(&e.process()) {
                    out.finding(format!("{} ran {exe}, which exists in memory only", label(&e.process())));
                }
            } else if image.exe_fs().is_some_and(|fs| MEMORY_FILE_SYSTEMS.contains(&fs))
                && !exe.is_under("/tmp")
                && !is_program_folder(&image)
            {
                out.finding(format!("{} ran {exe}, on a memory file system", label(&e.process())));
            } else if image.is_deleted() {
                // Programs that run themselves again right after their update do this too.
                out.finding(format!("{} ran {exe}, which had been deleted", label(&e.process()))).severity(Medium);
            }
        });

    r.rule("execution/exec-from-world-writable")
        .summary("A program was run from where everybody may write")
        .severity(Medium)
        .attack("T1059")
        .attack("T1036.005")
        .on_exec(|_, e, out| {
            let image = e.image();
            let script = image.script();
            if is_package_management(&image)
                || image.is_memfd()
                || image.is_deleted()
                || image.exe().is_under("/dev/shm")
            {
                // Not worth it, or the rule above has it.
            } else if is_world_writable(image.exe()) {
                out.finding(format!("{} ran {}", label(&e.process()), image.exe()));
            } else if is_world_writable(script) {
                out.finding(format!("{} ran the script {script}", label(&e.process())));
            } else if image.exe_mode().is_some_and(|mode| mode & S_IWOTH != 0) {
                out.finding(format!("{} ran {}, which everybody may change", label(&e.process()), image.exe()));
            }
        });

    r.rule("execution/reverse-shell")
        .summary("A shell takes its commands from a network connection")
        .severity(Critical)
        .attack("T1059.004")
        .on_exec(|_, e, out| {
            let image = e.image();
            if !(e.stdin_is_socket() && is_shell(&image)) {
                return;
            }
            let from = image.parent().map(|parent| format!(", started by {},", label(&parent))).unwrap_or_default();
            let shell = image.exe();
            match e.stdin_peer() {
                Some((address, port)) => {
                    let peer = SocketAddr::new(address, port);
                    out.finding(format!("{shell}{from} is controlled from {peer}")).field("peer", peer);
                }
                None => {
                    out.finding(format!("{shell}{from} is controlled over a socket"));
                }
            }
        });

    r.rule("execution/shell-from-server")
        .summary(
            "A program that serves the network started a shell: the mark of a web shell, or of a hole in the server",
        )
        .severity(High)
        .attack("T1190")
        .attack("T1505.003")
        .on_exec(|_, e, out| {
            let image = e.image();
            // Installed scripts are the server's own: filters, hooks, helpers.
            if !is_shell(&image) || is_in_system(image.script()) || is_sending_mail(&image) {
                return;
            }
            if let Some(server) = starter(&image).filter(is_server) {
                out.finding(format!("{} started {}", label(&server), image.command_line()))
                    .field("server", label(&server));
            }
        });
}

/// What PHP's mail() runs, which is no more than it says.
fn is_sending_mail(shell: &Process<'_>) -> bool {
    let mut arguments = shell.args().skip(1);
    let plain = |command: Text<'_>| {
        let sendmail = command.starts_with("/usr/sbin/sendmail ");
        sendmail && command.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b" /-_.@'".contains(byte))
    };
    arguments.next().is_some_and(|option| option == "-c") && arguments.next().is_some_and(plain)
}

fn is_program_folder(image: &Process<'_>) -> bool {
    is_system(image) || PROGRAM_FOLDERS.matches(image.exe())
}

fn is_runtime(process: &Process<'_>) -> bool {
    is_installed(process, &RUNTIMES) || (RUNTIMES.matches(process.name()) && process.exe().is_under(K3S))
}

fn is_server(process: &Process<'_>) -> bool {
    is_named(process, &SERVERS)
}
