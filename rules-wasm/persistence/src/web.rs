//! Code that servers run: scripts for the web, modules of servers, procedures of databases.

use common::changes::on_write;
use common::context::{is_build, is_ci, is_in_container};
use common::programs::is_world_writable;
use common::tools::is_language_tool;
use lanner_sdk::prelude::*;

use crate::Persistence;
use crate::who::{Habits, NOBODY, is_copying, report};

/// Ends of what web servers run.
static SCRIPTS: TextSet = TextSet::new().ends_with(&[
    ".asp",
    ".ashx",
    ".aspx",
    ".cfm",
    ".cgi",
    ".jsp",
    ".jspx",
    ".phar",
    ".php",
    ".php3",
    ".php4",
    ".php5",
    ".php7",
    ".pht",
    ".phtml",
    ".pl",
    ".py",
    ".rb",
    ".sh",
    ".war",
    "/.htaccess",
    "/.user.ini",
]);
/// Where web servers look for what they serve.
static WEB_ROOTS: TextSet = TextSet::new().starts_with(&[
    "/home/www/",
    "/opt/bitnami/",
    "/opt/jboss/",
    "/opt/lampp/htdocs/",
    "/opt/tomcat/",
    "/srv/http/",
    "/srv/www/",
    "/usr/lib/cgi-bin/",
    "/usr/local/apache2/",
    "/usr/local/tomcat/",
    "/usr/local/www/",
    "/usr/share/nginx/",
    "/usr/share/tomcat",
    "/var/lib/tomcat",
    "/var/www/",
]);
/// Parts of the paths of folders that web servers serve wherever they lie.
static WEB_FOLDERS: TextSet =
    TextSet::new().contains(&["/cgi-bin/", "/htdocs/", "/public_html/", "/webapps/", "/wp-content/", "/wwwroot/"]);
/// What serves the web, and runs these scripts.
static WEB_SERVERS: TextSet = TextSet::new().equals(&[
    "apache2", "caddy", "httpd", "java", "lighttpd", "nginx", "php", "php-cgi", "php-fpm", "tomcat", "uwsgi", "vsftpd",
    "proftpd", "smbd",
]);
/// What databases load as part of themselves.
static DATABASE_LIBRARIES: TextSet = TextSet::new().starts_with(&[
    "/usr/lib/mysql/plugin/",
    "/usr/lib/x86_64-linux-gnu/mariadb",
    "/usr/lib64/mysql/plugin/",
    "/usr/lib/postgresql/",
    "/usr/lib64/pgsql/",
    "/usr/share/postgresql/",
    "/var/lib/mysql/plugin/",
    "/usr/lib/redis/modules/",
]);
/// What web servers and PHP load as part of themselves.
static MODULES: TextSet = TextSet::new().starts_with(&[
    "/etc/apache2/mods-",
    "/etc/httpd/conf.modules.d/",
    "/etc/nginx/modules-enabled/",
    "/usr/lib/apache2/modules/",
    "/usr/lib/nginx/modules/",
    "/usr/lib/php/",
    "/usr/lib64/httpd/modules/",
    "/usr/lib64/nginx/modules/",
    "/usr/lib64/php/modules/",
    "/usr/local/lib/php/extensions/",
]);

static MODULE_HABITS: Habits = Habits {
    owners: TextSet::new().equals(&["mariadb-upgrade", "mysql_upgrade"]),
    editors: TextSet::new().equals(&["a2dismod", "a2enmod", "pecl", "phpdismod", "phpenmod"]),
};

pub(crate) fn add(r: &mut Rules<Persistence>) {
    let rule = r
        .rule("persistence/web-script-write")
        .summary("A script was laid where a web server runs it: by the server itself it is most likely a web shell")
        .severity(Medium)
        .attack("T1505.003")
        .property("maturity", "stable")
        .property("misses", "scripts in other folders, and code that is added to a file by the server's own updates");
    on_write(rule, &SCRIPTS, |_, change, out| {
        let process = &change.process;
        let path = change.path;
        let served = change.paths().any(|path| WEB_ROOTS.matches(path) || WEB_FOLDERS.matches(path));
        if !served || (is_world_writable(path) && is_copying(process)) {
            return;
        }
        let by_server = is_server(process) || process.ancestors().take(3).any(|each| is_server(&each));
        // How sites are rolled out.
        let is_rolled_out = is_copying(process) || is_language_tool(process) || is_build(process) || is_ci(process);
        let Some(finding) = report(change, &NOBODY, out) else { return };
        if by_server {
            finding.severity(High);
        } else if is_rolled_out || path.file_name().starts_with("index.") && change.is_new {
            finding.severity(Low);
        }
    });

    let rule = r
        .rule("persistence/database-library-write")
        .summary("A library was laid where a database loads it as part of itself")
        .severity(High)
        .attack("T1505.001")
        .property("maturity", "incubating")
        .property("misses", "procedures in languages that the database runs by itself");
    on_write(rule, &DATABASE_LIBRARIES, |_, change, out| {
        let name = change.path.file_name();
        let is_code = name.ends_with(".so") || name.ends_with(".sql") || name.ends_with(".control");
        let finding = report(change, &MODULE_HABITS, out).filter(|_| !is_code || is_build(&change.process));
        if let Some(finding) = finding {
            finding.severity(Low);
        }
    });

    let rule = r
        .rule("persistence/server-module-write")
        .summary("A module was laid where a web server or PHP loads it as part of itself")
        .severity(Medium)
        .attack("T1505")
        .property("maturity", "incubating")
        .property("misses", "modules that a server's configuration names elsewhere");
    on_write(rule, &MODULES, |_, change, out| {
        let finding = report(change, &MODULE_HABITS, out);
        if let Some(finding) = finding.filter(|_| is_build(&change.process) || is_in_container(&change.process)) {
            finding.severity(Low);
        }
    });

    static CRON_OF_DATABASES: TextSet =
        TextSet::new().equals(&["mariadbd", "mongod", "mysqld", "postgres", "redis-server"]);
    static STRANGE: TextSet = TextSet::new()
        .starts_with(&["/etc/", "/root/", "/var/spool/cron/", "/var/www/", "/usr/lib/"])
        .ends_with(&["/.ssh/authorized_keys", "/.ssh/authorized_keys2"]);
    static DATABASE_HABITS: Habits = Habits { owners: TextSet::new(), editors: TextSet::new() };
    let rule = r
        .rule("persistence/database-wrote-file")
        .summary("A database wrote a file that is no data: a job, a key, a script or a library")
        .severity(High)
        .attack("T1505.001")
        .attack("T1190")
        .property("maturity", "incubating")
        .property("misses", "databases of other names, and files among their data");
    on_write(rule, &STRANGE, |_, change, out| {
        let own = ["/etc/mysql", "/etc/redis", "/etc/postgresql", "/etc/mongo"];
        let is_own = own.iter().any(|folder| change.path.starts_with(folder));
        if CRON_OF_DATABASES.matches(change.process.name()) && !is_own {
            report(change, &DATABASE_HABITS, out);
        }
    });
}

fn is_server(process: &Process<'_>) -> bool {
    let name = process.name();
    WEB_SERVERS.matches(name) || name.starts_with("php-fpm")
}
