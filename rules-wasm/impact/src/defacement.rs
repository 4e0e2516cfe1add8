//! What others see of this machine: its web pages, its greeting, the names that it believes in.

use common::context::{is_backup, is_ci, is_configuration_management, is_container_runtime, lineage};
use common::outcome::Outcome;
use common::programs::{is_installed, is_interpreter, is_package_management, is_shell, label};
use lanner_sdk::prelude::*;

use crate::Impact;

/// First pages, by how their paths end.
static PAGES: TextSet = TextSet::new().ends_with(&[
    "/index.html",
    "/index.htm",
    "/index.php",
    "/default.html",
    "/index.jsp",
    "/home.html",
    "/index.nginx-debian.html",
    "/default.htm",
]);
/// Where they are served from.
static ROOTS: TextSet = TextSet::new()
    .starts_with(&[
        "/var/www/",
        "/srv/www/",
        "/srv/http/",
        "/usr/share/nginx/html/",
        "/usr/local/apache2/htdocs/",
        "/usr/share/nginx/",
        "/var/lib/tomcat",
        "/opt/tomcat/webapps/",
        "/usr/local/www/",
    ])
    .contains(&["/public_html/", "/htdocs/", "/wwwroot/"]);
/// What everybody reads who logs in.
static GREETINGS: TextSet = TextSet::new().equals(&["/etc/issue", "/etc/issue.net", "/etc/motd", "/etc/motd.tail"]);
/// What brings pages to where they are served.
static PUBLISHERS: TextSet = TextSet::new().equals(&[
    "git",
    "hugo",
    "jekyll",
    "rsync",
    "sshd",
    "sshd-session",
    "sftp-server",
    "unzip",
    "vim",
    "vim.basic",
    "vi",
    "nano",
    "emacs",
    "code",
    "proftpd",
    "vsftpd",
    "tar",
    "docker-entrypoint.sh",
]);
/// What writes the names of hosts.
static NAMERS: TextSet = TextSet::new().equals(&[
    "NetworkManager",
    "cloud-init",
    "dhclient",
    "dhcpcd",
    "dockerd",
    "hostnamectl",
    "kubelet",
    "libvirtd",
    "netplan",
    "nano",
    "resolvconf",
    "systemd-hostnamed",
    "systemd-resolved",
    "systemd",
    "vi",
    "vim",
    "vim.basic",
    "vim.tiny",
    "emacs",
    "podman",
    "visudo",
]);

pub(crate) fn add(r: &mut Rules<Impact>) {
    r.rule("impact/page-replaced")
        .summary("The first page of a web site was written over by a script, or by the server itself")
        .severity(Medium)
        .attack("T1491.002")
        .attack("T1565.001")
        .property("maturity", "incubating")
        .property("misses", "pages at other places, and those that come from a database")
        .only(open::flags().any(3_u32).and(open::file().matches(&PAGES)))
        .on_open(|_, e, out| {
            let process = e.process();
            if Outcome::of(e) == Outcome::Done && e.is_write() && !e.is_created() {
                page(&process, e.path(), out);
            }
        })
        .unfiltered()
        .only(rename::new_path().matches(&PAGES))
        .on_rename(|_, e, out| {
            if !e.failed() {
                page(&e.process(), e.new_path(), out);
            }
        });

    r.rule("impact/greeting-replaced")
        .summary("What everybody reads who logs in was written by a script")
        .severity(Medium)
        .attack("T1491.001")
        .property("maturity", "incubating")
        .property("misses", "greetings that a program makes anew at each login")
        .only(open::flags().any(3_u32).and(open::file().matches(&GREETINGS)))
        .on_open(|_, e, out| {
            if Outcome::of(e) == Outcome::Done && e.is_write() {
                greeting(&e.process(), e.path(), out);
            }
        })
        .unfiltered()
        .only(rename::new_path().matches(&GREETINGS))
        .on_rename(|_, e, out| {
            if !e.failed() {
                greeting(&e.process(), e.new_path(), out);
            }
        });

    r.rule("impact/names-changed")
        .summary("The list of hosts that this machine believes in was changed by a script")
        .severity(Medium)
        .attack("T1565.001")
        .attack("T1557")
        .property("maturity", "incubating")
        .property("misses", "what a name server answers")
        .only(open::flags().any(3_u32).and(open::file().equals(["/etc/hosts"])))
        .on_open(|_, e, out| {
            if Outcome::of(e) == Outcome::Done && e.is_write() {
                names(&e.process(), e.path(), out);
            }
        })
        .unfiltered()
        .only(rename::new_path().equals(["/etc/hosts"]))
        .on_rename(|_, e, out| {
            if !e.failed() {
                names(&e.process(), e.new_path(), out);
            }
        });
}

fn page(process: &Process<'_>, path: Text<'_>, out: &mut Out<'_>) {
    if !ROOTS.matches(path)
        || is_routine(process)
        || lineage(process).take(3).any(|each| is_installed(&each, &PUBLISHERS))
    {
        return;
    }
    let finding = out.finding(format!("{} wrote over {path}", label(process))).fact("path", path);
    if process.tty().is_some() {
        finding.severity(Low);
    }
}

fn greeting(process: &Process<'_>, path: Text<'_>, out: &mut Out<'_>) {
    let is_script = is_shell(process) || is_interpreter(process) || process.tty().is_none();
    if is_script && !is_routine(process) {
        let finding = out.finding(format!("{} wrote {path}", label(process))).fact("path", path);
        if process.tty().is_some() {
            finding.severity(Low);
        }
    }
}

fn names(process: &Process<'_>, path: Text<'_>, out: &mut Out<'_>) {
    if is_routine(process) || is_installed(process, &NAMERS) {
        return;
    }
    let finding = out.finding(format!("{} wrote {path}", label(process))).fact("path", path);
    // In a container it is the container's own, which scripts set up at their start.
    if process.tty().is_some() || process.container().is_some() {
        finding.severity(Low);
    }
}

/// What sets up machines, and what makes them anew.
fn is_routine(process: &Process<'_>) -> bool {
    is_package_management(process)
        || is_configuration_management(process)
        || is_ci(process)
        || is_container_runtime(process)
        || is_backup(process) && process.name() != "rsync"
}
