//! What no pack can want is filtered in the kernel, and no finding is missed for it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use lanner_tests::{BUFFER, Lanner, copy_program, no_kernel, run, shipped_pack, shipped_packs};
use serde_json::Value;

/// Opens files that some rule asks for and many more that none does, in ways that try what the filter goes by: over and over,
/// with names that change, folders that are renamed, links, and programs that rules know and do not know.
const LOAD: &str = r#"
set -u
cd "$1"
mkdir -p plain/deep home/.ssh
for name in a b c d e f; do echo x > plain/$name; echo x > plain/deep/$name; done
echo key > home/.ssh/id_rsa
echo cmd > home/.bash_history
mkdir home/.aws
for name in config other credentials; do echo x > home/.aws/$name; done
cp /dev/null home/x
cp /bin/cat ./curl
round() {
    cat plain/? plain/deep/? /etc/hostname /etc/os-release > /dev/null
    cat /etc/shadow > /dev/null
    cat home/.ssh/id_rsa > /dev/null
    cat "$1"/a "$1"/missing 2>/dev/null
    ./curl plain/a > /dev/null
}
for i in 1 2 3 4; do
    round plain
    # A folder that nobody wanted anything of gets the name of one that is wanted.
    mv plain other; mkdir plain; cp other/? plain; mkdir plain/deep; cp other/deep/? plain/deep
    mv plain/deep plain/.ssh; cp plain/a plain/.ssh/id_rsa; cat plain/.ssh/id_rsa > /dev/null; rm plain/.ssh/id_rsa
    mv plain/.ssh plain/deep
    # A file likewise, there and back.
    mv plain/a plain/.bash_history; cp /dev/null plain/.bash_history; mv plain/.bash_history plain/a
    # Its folder is known as one in which a program does nothing of interest, but for files of such names.
    cp /dev/null plain/b; cp /dev/null plain/c; cp /dev/null home/.bash_history
    cat home/.aws/config home/.aws/other > /dev/null; cat home/.aws/credentials > /dev/null
    # By another name.
    ln home/.ssh/id_rsa plain/other-name; cat plain/other-name > /dev/null; rm plain/other-name
    ln -s home/.ssh/id_rsa link; cat link > /dev/null; rm link
    # A mount in a namespace of its own shows one folder under a path, then another.
    mkdir -p innocent elsewhere; echo x > innocent/shadow
    unshare -m sh -c '
        mount --bind innocent elsewhere; cat elsewhere/shadow elsewhere/shadow; umount elsewhere
        mount --bind /etc elsewhere; cat elsewhere/shadow' > /dev/null
    # Its folder is known as one in which nothing is wanted, and its name; what is mounted there is another.
    mkdir -p harmless bound kept; for name in 1 2 3 4 5 6; do echo x > harmless/$name; done; echo x > harmless/id_rsa
    unshare -m sh -c '
        mount --bind harmless bound; cat bound/? bound/? > /dev/null; cat bound/id_rsa > /dev/null; cat bound/id_rsa
        mv harmless kept/.ssh; cat bound/id_rsa; mv kept/.ssh harmless; umount bound
        mount --bind home/.ssh bound; cat bound/id_rsa' > /dev/null
    : > home/.bash_history
    rm -r other
    round plain
done
"#;

/// Findings about what was done below a folder: how often each message of each rule.
fn about(findings: &[Value], folder: &Path) -> BTreeMap<(String, String), usize> {
    let folder = folder.to_str().expect("UTF-8");
    let mut counted = BTreeMap::new();
    for finding in findings {
        let text = |name: &str| finding[name].as_str().expect("a text").to_owned();
        if finding["process"]["cwd"] == folder {
            *counted.entry((text("rule"), text("message"))).or_default() += 1;
        }
    }
    counted
}

/// How many events a host says that were filtered out.
fn filtered(stderr: &str) -> u64 {
    let words: Vec<&str> = stderr.lines().last().expect("a line").split(' ').collect();
    let place = words.iter().position(|word| *word == "more").expect("it is said");
    words[place - 1].parse().expect("a number")
}

#[test]
fn nothing_is_missed_that_a_rule_asks_for() {
    if let Some(why) = no_kernel() {
        eprintln!("skipped: {why}");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let place = fs::canonicalize(folder.path()).expect("a path").join("load");
    fs::create_dir(&place).expect("a folder");
    let capture = folder.path().join("all.lcap");
    // What is recorded is not filtered.
    let recorder = Lanner::start(
        ["record", "--buffer", BUFFER, "--output"].map(AsRef::as_ref).into_iter().chain([capture.as_os_str()]),
    );
    recorder.wait_for_stderr("recording to");
    let host = Lanner::watch(&[&shipped_packs()], &[]);
    let load = Command::new("sh").args(["-c", LOAD, "load"]).arg(&place).stdin(Stdio::null()).status();
    assert!(load.expect("it can be run").success());
    // All that came before it has come when this has.
    let last = folder.path().join("last-reader");
    copy_program("/bin/cat", &last);
    assert!(Command::new(&last).arg("/etc/shadow").stdout(Stdio::null()).status().expect("it can be run").success());
    let is_last = |finding: &Value| finding["message"].as_str().is_some_and(|text| text.contains("last-reader read"));
    host.wait_for_finding("finding of the last reader", is_last);
    let recorded = recorder.stop();
    assert!(recorded.status.success());
    assert!(recorded.stderr.ends_with(", 0 lost"), "{}", recorded.stderr);
    let ended = host.stop();
    assert!(ended.status.success());
    assert!(ended.stderr.ends_with(" findings, 0 events lost"), "{}", ended.stderr);
    let live = ended.findings();
    let replayed = run([
        "replay".as_ref(),
        "--output".as_ref(),
        "json".as_ref(),
        "--rules".as_ref(),
        shipped_packs().as_os_str(),
        capture.as_os_str(),
    ]);
    assert!(replayed.status.success(), "{}", replayed.stderr);
    let expected = about(&replayed.findings(), &place);
    assert!(expected.keys().filter(|(rule, _)| rule == "credential-access/shadow-read").count() > 0, "{expected:?}");
    assert!(expected.len() > 3, "{expected:?}");
    assert_eq!(about(&live, &place), expected);
    assert!(filtered(&ended.stderr) > 100, "{}", ended.stderr);
}

/// A name that was nobody's interest becomes another one of a file that a rule names.
const HARD_LINKS: &str = r#"
set -eu
for i in 1 2 3 4; do
    # Often enough that it is left out in the end.
    echo x > "$1"; cat $(yes "$1" | head -n 2000) > /dev/null; rm "$1"
    ln /etc/shadow "$1"; cat "$1" > /dev/null; rm "$1"
done
"#;

#[test]
fn a_hard_link_of_a_named_file_is_that_file() {
    if let Some(why) = no_kernel() {
        eprintln!("skipped: {why}");
        return;
    }
    // There are hard links in one file system only.
    let folder = tempfile::tempdir_in("/etc").expect("a folder");
    let link = folder.path().join("link");
    let host = Lanner::watch(&[&shipped_pack("credential-access")], &[]);
    let load = Command::new("sh").args(["-c", HARD_LINKS, "load"]).arg(&link).stdin(Stdio::null()).status();
    assert!(load.expect("it can be run").success());
    let read = format!("/usr/bin/cat read {} (on the host /etc/shadow)", link.display());
    let is_read = |finding: &Value| finding["message"] == read.as_str();
    host.wait("finding of each reader of the link", || {
        host.findings().iter().filter(|found| is_read(found)).count() == 4
    });
    let ended = host.stop();
    assert!(ended.status.success());
    assert!(filtered(&ended.stderr) > 1000, "{}", ended.stderr);
}
