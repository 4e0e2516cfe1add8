//! Files that are gone: removed in great numbers, written over with nothing.

use std::time::Duration;

use common::command::{Command, Syntax, called, line};
use common::context::{is_backup, is_build, is_ci, is_user_management};
use common::outcome::Outcome;
use common::programs::{is_installed, is_package_management, label};
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::Impact;
use crate::encryption::{DOCUMENTS, actor, is_missed};

const ACTORS: usize = 256;
const KEEP: Duration = Duration::from_secs(20);
/// Documents that were removed by one in twenty seconds.
const REMOVED: u32 = 25;

/// Trees without which a machine, or who works on it, is lost.
static VITAL: TextSet = TextSet::new().equals(&[
    "/",
    "/*",
    "/bin",
    "/boot",
    "/data",
    "/dev",
    "/etc",
    "/home",
    "/home/*",
    "/lib",
    "/opt",
    "/root",
    "/sbin",
    "/srv",
    "/usr",
    "/var",
    "/var/lib",
    "/var/lib/docker",
    "/var/lib/mysql",
    "/var/lib/postgresql",
    "/var/log",
    "/var/www",
    "/var/www/html",
    "/var/backups",
    "/mnt",
    "/media",
    "/boot/efi",
    "/sys",
    "/proc",
    "/lib64",
]);
static NOTHING: TextSet = TextSet::new().equals(&["if=/dev/null", "if=/dev/random", "if=/dev/urandom", "if=/dev/zero"]);
/// What removes what is old.
static CLEANERS: TextSet = TextSet::new().equals(&[
    "systemd-tmpfiles",
    "tmpreaper",
    "tmpwatch",
    "logrotate",
    "snapd",
    "git",
    "rsync",
    "postgres",
    "mysqld",
    "mariadbd",
    "dockerd",
    "containerd",
]);
/// Files that databases keep, by where they lie.
static DATABASES: TextSet = TextSet::new().starts_with(&[
    "/var/lib/mysql/",
    "/var/lib/postgresql/",
    "/var/lib/mongodb/",
    "/var/lib/redis/",
    "/var/lib/pgsql/",
    "/var/lib/ldap/",
    "/var/lib/mariadb/",
    "/var/lib/etcd/",
    "/var/lib/influxdb/",
]);
static DATABASE_PROGRAMS: TextSet = TextSet::new().equals(&[
    "etcd",
    "influxd",
    "initdb",
    "mariadb-install-db",
    "mariadb-upgrade",
    "mariadbd",
    "mongod",
    "mongodb",
    "my_print_defaults",
    "mysql_install_db",
    "mysqld",
    "mysqld_safe",
    "pg_ctl",
    "pg_ctlcluster",
    "pg_createcluster",
    "pg_dropcluster",
    "pg_upgrade",
    "pg_basebackup",
    "pg_resetwal",
    "postgres",
    "redis-check-aof",
    "redis-server",
    "slapd",
    "slapadd",
    "valkey-server",
    "aria_chk",
    "mysqladmin",
    "postmaster",
    "mariadb-backup",
    "mysqlcheck",
]);

/// Who removes documents.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Removals {
    counts: Recent<u64, u32>,
}

impl Default for Removals {
    fn default() -> Self {
        Self { counts: Recent::new(ACTORS, KEEP) }
    }
}

impl Removals {
    pub(crate) fn with_limits(self) -> Self {
        Self { counts: self.counts.with_limits(ACTORS, KEEP) }
    }
}

pub(crate) fn add(r: &mut Rules<Impact>) {
    r.rule("impact/vital-tree-removed")
        .summary("A tree was to be removed without which the machine, or who works on it, is lost")
        .severity(High)
        .attack("T1485")
        .attack("T1070.004")
        .property("maturity", "stable")
        .property("misses", "programs that remove by themselves: many documents at once are another rule's")
        .only(called(&["rm", "find", "rmdir", "perl", "srm", "shred"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let name = Command::of(&image).name();
            let call = Command::of(&image).options(&Syntax::new("", &[]));
            let is_removal = match () {
                () if name.one_of(&["rm", "srm"]) => call.has(&["r", "R", "recursive", "no-preserve-root"]),
                () if name == "find" => {
                    image.args().any(|arg| arg == "-delete")
                        || image.args().collect::<Vec<_>>().windows(2).any(|pair| {
                            pair[0].one_of(&["-exec", "-execdir"])
                                && pair[1].file_name().one_of(&["rm", "shred", "srm"])
                        })
                }
                () => false,
            };
            if !is_removal {
                return;
            }
            // A search is told first where it begins; what narrows it is an ordinary clean-up.
            let is_narrow = name == "find"
                && image.args().any(|arg| {
                    arg.one_of(&[
                        "-mtime",
                        "-mmin",
                        "-atime",
                        "-ctime",
                        "-newer",
                        "-empty",
                        "-name",
                        "-size",
                        "-iname",
                        "-path",
                        "-type",
                        "-user",
                        "-regex",
                        "-maxdepth",
                        "-mindepth",
                        "-amin",
                        "-cmin",
                        "-perm",
                        "-nouser",
                        "-links",
                    ])
                });
            let is_whole = image.args().any(|arg| arg == "--no-preserve-root");
            let places: Vec<Vec<u8>> =
                call.operands().iter().map(|operand| crate::valuables::absolute(*operand, image.cwd())).collect();
            let vital = places.iter().find(|place| {
                let trimmed = place.strip_suffix(b"/*").or_else(|| place.strip_suffix(b"/")).unwrap_or(place);
                VITAL.matches(place.as_slice())
                    || (!trimmed.is_empty()
                        && VITAL.matches(trimmed)
                        && !trimmed.starts_with(b"/mnt")
                        && !trimmed.starts_with(b"/var/log"))
            });
            // `rm -rf /home/*` is expanded by the shell: one home after another.
            let homes = places
                .iter()
                .filter(|place| place.starts_with(b"/home/") && place[6..].iter().all(|byte| *byte != b'/'))
                .count();
            if is_package_management(&image) || is_narrow {
                return;
            }
            if let Some(vital) =
                vital.map(Vec::as_slice).or((homes >= 2).then_some(b"/home/*")).or(is_whole.then_some(b"/"))
            {
                let finding = out
                    .finding(format!("{} removes {}", line(&image), Text::new(vital)))
                    .fact("path", Text::new(vital));
                // Of the root all, as one has to say in a word more, or what makes it one.
                let everything = match vital {
                    b"/" | b"/*" => is_whole || name == "find" || vital == b"/*",
                    vital => Text::new(vital).one_of(&["/boot", "/etc", "/home", "/usr", "/var"]),
                };
                if everything {
                    finding.severity(Critical);
                }
            }
        });

    r.rule("impact/overwritten-with-nothing")
        .summary("A file that was there was written over with zeros or noise")
        .severity(Medium)
        .attack("T1485")
        .attack("T1070.004")
        .attack("T1561.001")
        .property("maturity", "stable")
        .property("misses", "programs that write zeros by themselves")
        .only(
            process::exe().ends_with(["/dd", "/busybox"]).and(open::created().is(false)).and(open::flags().any(3_u32)),
        )
        .on_open(|_, e, out| {
            let process = e.process();
            let is_file = e.file_mode().is_some_and(|mode| mode & 0o170_000 == 0o100_000);
            if Command::of(&process).name() != "dd" || !is_file || e.failed() || !e.is_write() {
                return;
            }
            let is_nothing = process.args().any(|arg| NOTHING.matches(arg));
            // What a script has just made of nothing is room for a file system or a swap file.
            if is_nothing && !is_package_management(&process) && !is_build(&process) {
                let is_image = e.path().ends_with(".img") || e.path().contains("swap");
                let finding = out.finding(format!("{} wrote over {}", line(&process), e.path())).fact("path", e.path());
                if is_image {
                    finding.severity(Low);
                }
            }
        });

    r.rule("impact/many-documents-removed")
        .summary("One document after another was removed")
        .severity(Medium)
        .attack("T1485")
        .property("maturity", "incubating")
        .property("misses", "files that do not end as documents do, and slow removals")
        .only(unlink::path().matches(&DOCUMENTS))
        .on_unlink(|pack, e, out| {
            let process = e.process();
            let path = e.path();
            let is_usual = path.starts_with("/usr/")
                || path.contains("/node_modules/")
                || path.contains("/.cache/")
                || path.contains("/.git/")
                || path.contains("site-packages/");
            let is_expected = is_package_management(&process)
                || is_build(&process)
                || is_backup(&process)
                || is_installed(&process, &CLEANERS)
                || is_ci(&process)
                // With a user goes his home.
                || is_user_management(&process);
            if e.failed() || is_usual || is_expected || !is_missed(path) || path.ends_with(".txt") {
                return;
            }
            let key = actor(&process);
            let count = pack.destruction.counts.get(e.time(), &key).copied().unwrap_or_default() + 1;
            if count == 1 {
                pack.destruction.counts.insert(e.time(), key, 1);
            } else if let Some(counted) = pack.destruction.counts.get_mut(e.time(), &key) {
                *counted = count;
            }
            if count == REMOVED {
                let finding = out
                    .finding(format!("{} removed {REMOVED} documents, {path} the last", label(&process)))
                    .fact("path", path);
                // What somebody unpacked or tried out there goes away again.
                if common::programs::is_world_writable(path) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("impact/database-files-changed")
        .summary("Files of a database were changed or removed by a program that is not the database's")
        .severity(Medium)
        .attack("T1565.001")
        .attack("T1485")
        .property("maturity", "incubating")
        .property("misses", "databases at places of their own, and changes by the database's own language")
        .only(open::file().matches(&DATABASES).and(open::flags().any(3_u32)))
        .on_open(|_, e, out| {
            let process = e.process();
            if Outcome::of(e) == Outcome::Done && e.is_write() && !is_database(&process) {
                out.finding(format!("{} wrote {}", label(&process), e.path()))
                    .fact("path", e.path())
                    .key(label(&process));
            }
        })
        .unfiltered()
        .only(unlink::path().matches(&DATABASES))
        .on_unlink(|_, e, out| {
            let process = e.process();
            if !e.failed() && !is_database(&process) {
                out.finding(format!("{} removed {}", label(&process), e.path()))
                    .fact("path", e.path())
                    .key(label(&process));
            }
        })
        .unfiltered()
        .only(rename::new_path().matches(&DATABASES).or(rename::old_path().matches(&DATABASES)))
        .on_rename(|_, e, out| {
            let process = e.process();
            if !e.failed() && !is_database(&process) {
                out.finding(format!("{} renamed {}", label(&process), e.old_path()))
                    .fact("path", e.new_path())
                    .key(label(&process));
            }
        });
}

fn is_database(process: &Process<'_>) -> bool {
    let by_database = common::context::lineage(process).take(6).any(|each| is_installed(&each, &DATABASE_PROGRAMS));
    by_database
        || is_package_management(process)
        || is_backup(process)
        || common::context::is_container_runtime(process)
        || common::context::is_configuration_management(process)
}
