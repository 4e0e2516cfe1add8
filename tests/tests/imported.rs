//! Rules as Falco writes them, through the whole system: imported, built, tested, loaded and reloaded on save.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use lanner_tests::{Lanner, binary, require_kernel};

fn lanner(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } =
        Command::new(binary()).args(arguments).current_dir(folder).env("NO_COLOR", "1").output().expect("lanner runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

/// A rule that says this of whoever reads the file.
fn rules(file: &Path, says: &str) -> String {
    let file = file.display();
    format!(
        "- list: watched\n  items: [{file}]\n- rule: Watched read\n  desc: A file was read\n  condition: >\n    evt.type in (open, openat, \
         openat2) and evt.is_open_read=true\n    and fd.name in (watched)\n  output: {says} %fd.name\n  priority: ERROR\n"
    )
}

#[test]
fn a_project_is_made_tested_and_built() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, ..) = lanner(folder.path(), &["rule", "new", "my-rules", "--lang", "falco"]);
    assert_eq!(code, Some(0));
    let project = folder.path().join("my-rules");
    let (code, out, err) = lanner(&project, &["rule", "test"]);
    assert!(code == Some(0) && out.contains("3 passed"), "{out}\n{err}");
    assert!(project.join("target/debug/my-rules.wasm").is_file() || project.join("target/my-rules.wasm").is_file());
    let (code, out, err) = lanner(&project, &["rule", "build"]);
    assert!(code == Some(0) && out.contains("my-rules 0.1.0, 1 rule"), "{out}\n{err}");
    // What is wrong is said with its place.
    let text = fs::read_to_string(project.join("rules.yaml")).expect("the rules");
    fs::write(project.join("rules.yaml"), text.replace("proc.name in", "proc.nam in")).expect("written");
    let (code, _, err) = lanner(&project, &["rule", "build"]);
    assert!(code == Some(1) && err.contains("rules.yaml:") && err.contains("did you mean \"proc.name\"?"), "{err}");
}

#[test]
fn what_becomes_of_rules_is_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = rules(Path::new("/etc/shadow"), "read");
    let bad = "- rule: Received\n  desc: d\n  condition: evt.type=recvfrom and evt.buffer contains x\n  output: o\n  priority: INFO\n";
    fs::write(folder.path().join("rules.yaml"), good + bad).expect("written");
    let (code, out, err) = lanner(folder.path(), &["rule", "import", "falco", "rules.yaml", "-o", "made.wasm"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("refused    Received") && out.contains("2 rules: 1 imported; 1 refused"), "{out}");
    let (code, out, _) = lanner(folder.path(), &["pack", "inspect", "made.wasm"]);
    assert!(code == Some(0) && out.contains("falco/watched-read"), "{out}");
    let (code, _, err) =
        lanner(folder.path(), &["rule", "import", "falco", "rules.yaml", "-o", "strict.wasm", "--strict"]);
    assert!(code == Some(1) && err.contains("--strict") && !folder.path().join("strict.wasm").exists(), "{err}");
    let (_, out, _) = lanner(folder.path(), &["rule", "import", "falco", "rules.yaml", "--report", "json"]);
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(report["count"]["refused"], 1);
}

#[test]
fn a_save_is_a_reload() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().canonicalize().expect("a folder");
    let (rules_in, file, other) = (folder.join("rules"), folder.join("watched"), folder.join("other"));
    fs::create_dir(&rules_in).expect("made");
    for file in [&file, &other] {
        fs::write(file, "").expect("written");
    }
    fs::write(rules_in.join("a.yaml"), rules(&file, "one")).expect("written");
    let lanner = Lanner::watch(&[&rules_in], &[]);
    let found = |says: &str, file: &Path| {
        let message = format!("{says} {}", file.display());
        fs::read(file).expect("it is read");
        lanner.wait_for_finding(&message, |finding| finding["message"] == message.as_str());
    };
    found("one", &file);
    // Another file of the folder changes what the first one says.
    let change = format!(
        "- list: watched\n  items: [{}]\n  override: {{items: append}}\n- rule: Watched read\n  output: two %fd.name\n  override: \
         {{output: replace}}\n",
        other.display()
    );
    fs::write(rules_in.join("b.yaml"), &change).expect("written");
    lanner.wait_for_stderr("reloaded");
    found("two", &other);
    // What makes no sense changes nothing.
    fs::write(rules_in.join("b.yaml"), change.clone() + "- rul: x\n").expect("written");
    lanner.wait_for_stderr("the version before goes on");
    assert!(lanner.stderr().contains("b.yaml:7:3: there is no item \"rul\""), "{}", lanner.stderr());
    found("two", &file);
    fs::remove_file(rules_in.join("b.yaml")).expect("removed");
    lanner.wait("the reload", || lanner.stderr().matches("reloaded").count() >= 2);
    found("one", &file);
    fs::remove_file(rules_in.join("a.yaml")).expect("removed");
    lanner.wait_for_stderr("is unloaded");
    lanner.stop();
}

#[test]
fn a_single_file_is_a_pack() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().canonicalize().expect("a folder");
    let (path, file) = (folder.join("my rules.yaml"), folder.join("watched"));
    fs::write(&file, "").expect("written");
    fs::write(&path, rules(&file, "one")).expect("written");
    let lanner = Lanner::watch(&[&path], &[]);
    fs::read(&file).expect("it is read");
    let finding = lanner.wait_for_finding("the finding", |finding| finding["rule"] == "falco/watched-read");
    assert_eq!(finding["severity"], "high");
    fs::write(&path, rules(&file, "two")).expect("written");
    lanner.wait_for_stderr("pack my-rules 0.1.0 with 1 rules: reloaded");
    lanner.stop();
}

/// What a process was started with is known of those too that began before the host, and before somebody asked for it.
#[test]
fn who_began_before_the_host_has_an_environment() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let rules_in = folder.path().canonicalize().expect("a folder").join("rules");
    fs::create_dir(&rules_in).expect("made");
    let rule = |variable: &str| {
        format!(
            "- rule: Told by {variable}\n  desc: d\n  condition: evt.type=connect and proc.env contains \"{variable}=\"\n  output: by \
             {variable} %fd.sport\n  priority: ERROR\n"
        )
    };
    fs::write(rules_in.join("a.yaml"), rule("LANNER_FIRST")).expect("written");
    // Nobody waits there: each attempt is refused at once.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("an address").port();
    // It connects whenever it is told to.
    let mut shell = Command::new("bash")
        .args(["-c", &format!("while read -r; do : < /dev/tcp/127.0.0.1/{port}; done")])
        .env("LANNER_FIRST", "1")
        .env("LANNER_SECOND", "2")
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("bash runs");
    let orders = shell.stdin.take().expect("its stdin");
    let lanner = Lanner::watch(&[&rules_in], &[]);
    let found = |variable: &str| {
        let message = format!("by {variable} {port}");
        move |finding: &serde_json::Value| finding["message"] == message.as_str()
    };
    (&orders).write_all(b"\n").expect("told");
    lanner.wait_for_finding("what it began with", found("LANNER_FIRST"));
    fs::write(rules_in.join("b.yaml"), rule("LANNER_SECOND")).expect("written");
    lanner.wait_for_stderr("reloaded");
    // What is asked for now is read when the host next looks at all processes.
    let second = found("LANNER_SECOND");
    lanner.wait("what it began with, too", || {
        (&orders).write_all(b"\n").expect("told");
        lanner.findings().iter().any(&second)
    });
    drop(orders);
    shell.wait().expect("it ends");
    lanner.stop();
}
