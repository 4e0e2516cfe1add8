use lanner_sdk::prelude::Severity::{High, Low};
use lanner_sdk::testing::{open, process};

use super::{finds, silent};

const EACCES: u16 = 13;

#[test]
fn a_log_that_is_emptied() {
    let rule = "defense-evasion/log-clearing";
    let truncate = process("/usr/bin/truncate");
    for log in ["/var/log/auth.log", "/var/log/wtmp", "/var/log/audit/audit.log", "/var/log/journal/0/system.journal"] {
        finds([open(log).truncate().by(process("/usr/bin/tee"))], rule, High, &format!("/usr/bin/tee emptied {log}"));
        // It opens as any writer does, and shortens the file then.
        finds([open(log).write().by(&truncate)], rule, High, &format!("/usr/bin/truncate emptied {log}"));
        silent([open(log).append().by(&truncate)]);
        silent([open(log).by(&truncate)]);
        silent([open(log).truncate().by(process("/usr/sbin/logrotate"))]);
    }
    let denied = open("/var/log/syslog").truncate().failed(EACCES).by(&truncate);
    finds([denied], rule, Low, "/usr/bin/truncate tried to empty /var/log/syslog");
}

#[test]
fn other_files_that_are_emptied() {
    let shell = process("/usr/bin/bash");
    for file in ["/var/log/nginx/access.log", "/var/log/auth.log.1", "/var/log/cron.d", "/home/ada/syslog"] {
        silent([open(file).truncate().by(&shell)]);
    }
    silent([open("/var/log/wtmp").truncate().created().truncate().by(&shell)]);
}

#[test]
fn a_history_that_is_emptied() {
    let shell = process("/usr/bin/bash").uid(1000);
    let cleared = open("/home/ada/.bash_history").truncate().by(&shell);
    finds([cleared], "defense-evasion/history-clearing", High, "/usr/bin/bash emptied /home/ada/.bash_history");
    silent([open("/home/ada/.bash_history").append().by(&shell)]);
    silent([open("/home/ada/.bash_history-01234.tmp").truncate().created().by(&shell)]);
}
