//! Services that are stopped.

use std::collections::BTreeSet;
use std::time::Duration;

use common::command::{Command, called, line};
use common::context::{is_ci, is_configuration_management, is_container_runtime, lineage};
use common::programs::{is_named, is_package_management, is_system, label};
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::Impact;

const ACTORS: usize = 256;
const KEEP: Duration = Duration::from_secs(60);
/// Services that one has stopped in a minute.
const MANY: usize = 3;

/// Services that others depend on: data, mail, jobs, logins.
static VITAL: TextSet = TextSet::new().equals(&[
    "apache2",
    "chronyd",
    "containerd",
    "cron",
    "crond",
    "docker",
    "dovecot",
    "elasticsearch",
    "exim4",
    "haproxy",
    "httpd",
    "kubelet",
    "libvirtd",
    "lighttpd",
    "mariadb",
    "memcached",
    "mongod",
    "mongodb",
    "mysql",
    "mysqld",
    "named",
    "networking",
    "NetworkManager",
    "nfs-server",
    "nginx",
    "php-fpm",
    "postfix",
    "postgresql",
    "rabbitmq-server",
    "redis",
    "redis-server",
    "samba",
    "slapd",
    "smbd",
    "ssh",
    "sshd",
    "systemd-networkd",
    "systemd-resolved",
    "tomcat",
    "tomcat9",
    "varnish",
    "vsftpd",
    "zabbix-agent",
    "bind9",
    "ntp",
    "systemd-timesyncd",
    "anacron",
    "atd",
]);
/// Of these, those that are stopped by their own admins all the time, to be started again.
static RESTARTED: TextSet = TextSet::new().equals(&[
    "apache2",
    "haproxy",
    "httpd",
    "lighttpd",
    "nginx",
    "php-fpm",
    "tomcat",
    "tomcat9",
    "varnish",
    "memcached",
]);
/// Their programs.
static PROGRAMS: TextSet = TextSet::new().equals(&[
    "apache",
    "beam.smp",
    "containerd",
    "cron",
    "crond",
    "dockerd",
    "dovecot",
    "exim",
    "httpd",
    "mariadbd",
    "master",
    "mongod",
    "mysqld",
    "named",
    "nginx",
    "postgres",
    "redis-server",
    "slapd",
    "smbd",
    "sshd",
    "valkey-server",
    "kubelet",
]);
const KILL: u32 = 9;
const STOP: u32 = 19;

/// Who has stopped which services.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Stops {
    services: Recent<u64, BTreeSet<Vec<u8>>>,
}

impl Default for Stops {
    fn default() -> Self {
        Self { services: Recent::new(ACTORS, KEEP) }
    }
}

impl Stops {
    pub(crate) fn with_limits(self) -> Self {
        Self { services: self.services.with_limits(ACTORS, KEEP) }
    }

    /// Notes a service; gives how many there are.
    fn count(&mut self, now: u64, actor: u64, service: &[u8]) -> usize {
        const MOST: usize = 32;
        let mut services = self.services.take(now, &actor).unwrap_or_default();
        if services.len() < MOST {
            services.insert(service.to_vec());
        }
        let count = services.len();
        self.services.insert(now, actor, services);
        count
    }
}

pub(crate) fn add(r: &mut Rules<Impact>) {
    r.rule("impact/service-stopped")
        .summary("A service that others depend on was stopped, or several were")
        .severity(Medium)
        .attack("T1489")
        .property("maturity", "incubating")
        .property("misses", "services that few machines have, alone")
        .only(called(&[
            "systemctl",
            "service",
            "initctl",
            "rc-service",
            "invoke-rc.d",
            "sv",
            "supervisorctl",
            "pkill",
            "killall",
            "killall5",
            "svcadm",
            "kill",
            "rcctl",
        ]))
        .on_exec(|pack, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let words: Vec<Text<'_>> = args.iter().copied().filter(|arg| !arg.starts_with("-")).collect();
            let first = words.first().copied().unwrap_or_default();
            let second = words.get(1).copied().unwrap_or_default();
            let stops = |verb: Text<'_>| {
                verb.one_of(&["stop", "kill", "disable", "mask", "isolate", "exit", "down", "force-stop"])
            };
            let services: Vec<Text<'_>> = match () {
                () if name == "systemctl" || name == "initctl" || name == "supervisorctl" || name == "sv" => {
                    if !stops(first) {
                        return;
                    }
                    words[1..].to_vec()
                }
                () if name.one_of(&["service", "rc-service", "invoke-rc.d"]) => {
                    if !stops(second) {
                        return;
                    }
                    vec![first]
                }
                () if name.one_of(&["pkill", "killall", "killall5"]) => words.clone(),
                () => return,
            };
            let is_routine = is_package_management(&image)
                || is_configuration_management(&image)
                || is_ci(&image)
                || is_container_runtime(&image);
            let Some(parent) = image.parent().filter(|_| !is_routine && !services.is_empty()) else { return };
            let mut worst = Low;
            let mut count = 0;
            for service in &services {
                let unit = unit(service.as_bytes());
                let is_vital = VITAL.matches(unit)
                    || unit.starts_with(b"mysql")
                    || unit.starts_with(b"postgresql")
                    || unit.starts_with(b"php");
                // By their names whatever runs is killed: only services are meant here.
                if !is_vital && name.one_of(&["pkill", "killall", "killall5"]) {
                    continue;
                }
                count = pack.services.count(e.time(), parent.id(), unit);
                if is_vital && !RESTARTED.matches(unit) && image.tty().is_none() {
                    worst = Medium;
                }
                if is_vital && first.one_of(&["mask", "disable"]) && image.tty().is_none() {
                    worst = Medium;
                }
            }
            if count == 0 {
                return;
            }
            let severity = match count {
                count if count >= 2 * MANY => High,
                count if count >= MANY => {
                    if worst < Medium {
                        Medium
                    } else {
                        High
                    }
                }
                _ => worst,
            };
            out.finding(format!("{} stops what others depend on", line(&image)))
                .fact("services", count as u64)
                .severity(severity);
        });

    r.rule("impact/service-killed")
        .summary("A service was killed or frozen by a program that has nothing to do with it")
        .severity(Medium)
        .attack("T1489")
        .property("maturity", "incubating")
        .property("misses", "services that are asked to end, as their own scripts do it")
        .only(signal::signal().one_of([KILL, STOP]))
        .on_signal(|_, e, out| {
            let process = e.process();
            let Some(target) = e
                .target_row()
                .and_then(|row| e.named_process(row))
                .filter(|target| is_system(target) && is_named(target, &PROGRAMS))
            else {
                return;
            };
            // Who started it may end it; so may what looks after services, and the service itself.
            static LOOKS_AFTER: TextSet = TextSet::new().equals(&[
                "systemd",
                "runc",
                "containerd-shim-runc-v2",
                "containerd-shim",
                "dockerd",
                "supervisord",
                "runsv",
                "s6-supervise",
                "start-stop-daemon",
                "init",
                "crun",
                "conmon",
            ]);
            let is_own = target.ancestors().any(|ancestor| ancestor.id() == process.id())
                || lineage(&process).any(|each| {
                    each.id() == target.id() || common::programs::is_installed(&each, &LOOKS_AFTER) && each.pid() != 1
                })
                || process.exe() == target.exe();
            // A script that tries a service out has started it, too.
            let together = process.parent().zip(target.parent()).is_some_and(|(one, other)| one.id() == other.id());
            if e.failed() || is_own || is_package_management(&process) || is_configuration_management(&process) {
                return;
            }
            let did = if e.signal() == KILL { "killed" } else { "froze" };
            let finding = out
                .finding(format!("{} {did} {}", label(&process), label(&target)))
                .fact("pid", u64::from(target.pid()));
            if together || is_ci(&process) {
                finding.severity(Low);
            }
        });
}

/// A service without what its unit's name ends with.
fn unit(service: &[u8]) -> &[u8] {
    let name = service.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let name = name
        .strip_suffix(b".service")
        .or_else(|| name.strip_suffix(b".socket"))
        .or_else(|| name.strip_suffix(b".timer"))
        .unwrap_or(name);
    name.split(|byte| *byte == b'@').next().unwrap_or_default()
}
