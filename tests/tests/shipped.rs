//! Rules of the shipped packs on the real kernel: done for real, found by the rule that is meant, and nothing of note beside it.
//!
//! What would hurt the machine is done in a mount namespace of its own, where /etc, /root, /tmp and /var/log are folders
//! of the test, and in a network namespace without any route.

use std::cell::RefCell;
use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use lanner_tests::{Lanner, require_kernel, shipped_pack};
use serde_json::Value;

/// A running host with a pack, and a machine within the machine to do things to.
struct Scene {
    lanner: Lanner,
    folder: tempfile::TempDir,
    expected: RefCell<Vec<Expected>>,
}

/// What is to be found of what a process and its descendants did.
struct Expected {
    pid: u32,
    script: String,
    /// The rule and what it says; nothing where there is to be nothing that deserves a look.
    finding: Option<(String, String)>,
}

/// All that was found, when all was judged.
struct Judged {
    findings: Vec<Value>,
}

impl Scene {
    fn new(pack: &str) -> Self {
        // Not in /tmp: that may be a memory file system, and a rule looks at that.
        let folder = tempfile::tempdir_in(lanner_tests::target()).expect("a folder");
        for name in ["etc/systemd/system", "etc/cron.d", "etc/sudoers.d", "root/.ssh", "root/.aws", "tmp", "log/audit"]
        {
            fs::create_dir_all(folder.path().join(name)).expect("a folder");
        }
        for name in ["etc/shadow", "etc/passwd", "etc/sudoers", "etc/crontab", "log/auth.log", "log/app.log"] {
            fs::write(folder.path().join(name), "content\n").expect("a file");
        }
        for name in [".ssh/id_ed25519", ".ssh/id_ed25519.pub", ".aws/credentials", ".aws/config", ".bash_history"] {
            fs::write(folder.path().join("root").join(name), "content\n").expect("a file");
        }
        let lanner = Lanner::watch(&[&shipped_pack(pack)], &[]);
        Self { lanner, folder, expected: RefCell::default() }
    }

    /// Has a shell run the script in there; gives its pid.
    fn does(&self, script: &str) -> u32 {
        // From within the folder: by its path it may be hidden by the first of these mounts.
        let inside = "set -e; cd \"$LANNER_SCENE\"
            for folder in etc root tmp; do mount --bind \"$folder\" \"/$folder\"; done
            mount --bind log /var/log
            cd /root; set +e; PATH=/usr/bin:/bin:/usr/sbin:/sbin; umask 022\n"
            .to_owned();
        let child = Command::new("unshare")
            .args(["--mount", "--net", "bash", "-c", &(inside + script + "\n:")])
            .env("LANNER_SCENE", self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("unshare runs");
        let pid = child.id();
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
        pid
    }

    /// The rule finds it, and says so once; of the pack's others none finds what deserves a look.
    fn finds(&self, script: &str, rule: &str, message: &str) {
        let finding = Some((rule.to_owned(), with_paths(message)));
        let pid = self.does(script);
        self.expected.borrow_mut().push(Expected { pid, script: script.to_owned(), finding });
    }

    /// Nothing that deserves a look.
    fn silent(&self, script: &str) {
        let pid = self.does(script);
        self.expected.borrow_mut().push(Expected { pid, script: script.to_owned(), finding: None });
    }

    /// Ends the host, which judges all that was done before, and looks whether all was found that was to be.
    #[track_caller]
    fn end(self) -> Judged {
        let ended = self.lanner.stop();
        assert!(ended.status.success(), "{}", ended.stderr);
        let judged = Judged { findings: ended.findings() };
        for Expected { pid, script, finding } in self.expected.into_inner() {
            let found = judged.of(pid);
            // How long it took, and where the scene is, is not the rule's doing.
            let said = |message: &str| without_the_hosts_path(&without_seconds(message));
            let is_it = |(rule, message, _): &(String, String, String)| {
                finding.as_ref().is_some_and(|(its, text)| rule == its && said(message) == *text)
            };
            let times = found.iter().filter(|found| is_it(found)).count();
            assert_eq!(times, usize::from(finding.is_some()), "{script}: {found:?}");
            // Hints beside it are allowed, and no second finding about the same.
            let is_hint = |severity: &str| matches!(severity, "info" | "low");
            let others: Vec<_> = found.iter().filter(|found| !is_it(found) && !is_hint(&found.2)).collect();
            assert!(others.is_empty(), "{script}: {others:?}");
        }
        judged
    }
}

impl Judged {
    /// What was found of this process and its descendants: rule, message and severity.
    fn of(&self, pid: u32) -> Vec<(String, String, String)> {
        let ours = |finding: &&Value| {
            let mut line = finding["lineage"].as_array().into_iter().flatten();
            finding["process"]["pid"] == pid || line.any(|ancestor| ancestor["pid"] == pid)
        };
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let findings = self.findings.iter().filter(ours);
        findings.map(|found| (text(&found["rule"]), text(&found["message"]), text(&found["severity"]))).collect()
    }
}

/// What a message says of a file without where the host has it.
fn without_the_hosts_path(message: &str) -> String {
    match message.split_once(" (on the host ") {
        Some((before, after)) => format!("{before}{}", after.split_once(')').map_or("", |(_, rest)| rest)),
        None => message.to_owned(),
    }
}

/// `…, 3 s after …` becomes `…, after …`.
fn without_seconds(message: &str) -> String {
    match message.split_once(" s after ") {
        Some((before, after)) => {
            format!("{} after {after}", before.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end())
        }
        None => message.to_owned(),
    }
}

/// Where a program lies when all links are followed, as the kernel says it.
fn real(program: &str) -> String {
    let folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    let path = folders.iter().find_map(|folder| folder.join(program).canonicalize().ok());
    path.unwrap_or_else(|| panic!("{program} is not installed")).to_str().expect("UTF-8").to_owned()
}

/// `{cat}` becomes where cat lies.
fn with_paths(message: &str) -> String {
    let mut parts = message.split(['{', '}']);
    let mut text = parts.next().unwrap_or_default().to_owned();
    while let (Some(program), Some(rest)) = (parts.next(), parts.next()) {
        text += &real(program);
        text += rest;
    }
    text
}

#[test]
fn credentials_that_are_read() {
    require_kernel!();
    let scene = Scene::new("credential-access");
    scene.finds("cat /etc/shadow", "credential-access/shadow-read", "{cat} read /etc/shadow");
    scene.finds("cd /etc; head -c1 ../etc/shadow", "credential-access/shadow-read", "{head} read /etc/shadow");
    scene.silent("cat /etc/passwd; cat /etc/no-such-shadow; echo >> /etc/shadow");
    let rule = "credential-access/ssh-key-read";
    scene.finds("cat .ssh/id_ed25519", rule, "{cat} read /root/.ssh/id_ed25519");
    scene.silent("cat .ssh/id_ed25519.pub; echo > .ssh/known_hosts");
    let rule = "credential-access/cloud-credential-read";
    scene.finds("grep x .aws/credentials", rule, "{grep} read /root/.aws/credentials");
    scene.silent("grep x .aws/config");
    scene.end();
}

/// Whoever has a user namespace of his own may mount what he likes where he likes, and is root in it.
#[test]
fn a_program_under_the_name_of_another() {
    require_kernel!();
    let scene = Scene::new("credential-access");
    let rule = "credential-access/shadow-read";
    let forge = |file: &str| {
        format!(
            "cp /bin/cat /tmp/own; chown 65534 /tmp/own; \
             unshare --user --map-root-user --mount sh -c \
             'mount --bind {file} /usr/bin/passwd && exec /usr/bin/passwd /etc/shadow'"
        )
    };
    scene.finds(&forge("/bin/cat"), rule, "/usr/bin/passwd read /etc/shadow");
    scene.finds(&forge("/tmp/own"), rule, "/usr/bin/passwd read /etc/shadow");
    scene.end();
}

#[test]
fn a_denied_read_is_an_attempt() {
    require_kernel!();
    let scene = Scene::new("credential-access");
    let script = "chmod 600 /etc/shadow; exec setpriv --reuid 65534 --regid 65534 --clear-groups cat /etc/shadow";
    let script = format!("({script}) 2>/dev/null");
    scene.finds(&script, "credential-access/shadow-read", "{cat} tried to read /etc/shadow");
    let judged = scene.end();
    let is_attempt = |finding: &&Value| finding["message"].as_str().is_some_and(|message| message.contains("tried"));
    let finding = judged.findings.iter().find(is_attempt).expect("the attempt");
    assert_eq!(finding["severity"], "low");
    assert_eq!(finding["event"]["result"], -13);
    assert_eq!(finding["process"]["uid"], 65534);
}

#[test]
fn programs_that_begin_where_none_should() {
    require_kernel!();
    let scene = Scene::new("execution");
    let rule = "execution/exec-from-memory";
    let shm = format!("/dev/shm/lanner-test-{}", std::process::id());
    let script = format!("cp /bin/true {shm}; {shm}; rm {shm}");
    scene.finds(&script, rule, &format!("{{bash}} ran {shm}, on a memory file system"));
    let script = "cp /bin/true gone; exec 3<gone; rm gone; /proc/self/fd/3";
    scene.finds(script, rule, "{bash} ran /root/gone, which had been deleted");
    scene.silent("true; cp /bin/true here; ./here");
    let rule = "execution/exec-from-world-writable";
    scene.finds("cp /bin/true /tmp/x; /tmp/x", rule, "{bash} ran /tmp/x");
    scene.finds("printf '#!/bin/sh\\n:' > /tmp/s; chmod +x /tmp/s; /tmp/s", rule, "{bash} ran the script /tmp/s");
    scene.finds("cd /tmp; printf '#!/bin/sh\\n:' > t; chmod +x t; ./t", rule, "{bash} ran the script /tmp/t");
    scene.finds("cp /bin/true x; chmod 777 x; ./x", rule, "{bash} ran /root/x, which everybody may change");
    scene.silent("/bin/true /tmp/x");
    scene.end();
}

#[test]
fn a_program_from_a_memory_file() {
    require_kernel!();
    let scene = Scene::new("execution");
    let memory = rustix::fs::memfd_create("stage2", rustix::fs::MemfdFlags::empty()).expect("a memory file");
    let mut file = fs::File::from(memory);
    file.write_all(&fs::read("/bin/true").expect("a program")).expect("written");
    // Through our own descriptor: the child has none, as it is closed there.
    let program = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
    let mut child = Command::new(program).spawn().expect("it runs");
    assert!(child.wait().expect("it ends").success());
    let found = scene.end().of(child.id());
    let is_it = |(rule, message, _): &(String, String, String)| {
        rule == "execution/exec-from-memory" && message.ends_with(" ran memfd:stage2, which exists in memory only")
    };
    assert!(found.iter().any(is_it), "{found:?}");
}

#[test]
fn a_shell_on_a_socket() {
    require_kernel!();
    let scene = Scene::new("execution");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let peer = listener.local_addr().expect("an address");
    let near = TcpStream::connect(peer).expect("connected");
    let (mut far, _) = listener.accept().expect("connected");
    far.write_all(b"exit 7\n").expect("written");
    let mut shell = Command::new("sh").stdin(OwnedFd::from(near)).spawn().expect("a shell");
    assert_eq!(shell.wait().expect("it ends").code(), Some(7), "the shell takes commands from the socket");
    scene.silent("echo true | sh");
    let found = scene.end().of(shell.id());
    let is_it = |(rule, message, _): &(String, String, String)| {
        rule == "execution/reverse-shell"
            && message.starts_with(&real("sh"))
            && message.ends_with(&format!("is controlled from {peer}"))
    };
    assert!(found.iter().any(is_it), "{found:?}");
}

#[test]
fn a_shell_of_a_server() {
    require_kernel!();
    let scene = Scene::new("execution");
    // What makes a server of it for the rule is what it is called: this one is bash.
    let script = "cp \"$(command -v bash)\" nginx; ./nginx -c 'sh -c :; :'";
    scene.finds(script, "execution/shell-from-server", "/root/nginx started sh -c :");
    scene.silent("cp \"$(command -v bash)\" nginx; ./nginx -c 'true; :'");
    scene.silent("cp \"$(command -v bash)\" editor; ./editor -c 'sh -c :; :'");
    scene.end();
}

#[test]
fn a_download_that_is_run() {
    require_kernel!();
    let scene = Scene::new("command-and-control");
    // Before any other download of this shell: of a pipeline either may be first, and what a shell that reads one gets is not
    // told from what was fetched into a file before.
    let rule = "execution/download-piped-to-shell";
    let message = "{sh} runs what was downloaded by: curl -s file:///root/here";
    scene.finds("echo : > here; curl -s file:///root/here | sh", rule, message);
    let fetch = "curl -s -o x file:///bin/true; chmod +x x; ";
    let message = "{bash} ran /root/x, after it was downloaded";
    scene.finds(&format!("{fetch} ./x"), "execution/download-and-run", message);
    let message = "{bash} ran /root/y, after it was downloaded";
    scene.finds(&format!("{fetch} mv x y; ./y"), "execution/download-and-run", message);
    scene.finds(
        "curl -s file:///bin/true > z; chmod +x z; ./z",
        "execution/download-and-run",
        &message.replace("/y", "/z"),
    );
    let script = "echo : > here; curl -s -o s.sh file:///root/here; sh s.sh";
    let message = "{sh} was given /root/s.sh, after it was downloaded";
    scene.finds(script, "execution/downloaded-script", message);
    scene.silent("cp /bin/true x; ./x; curl -s -o w file:///bin/true; cat w; curl -s -o /dev/null file:///bin/true");
    scene.silent("curl -s file:///root/here | cat; echo : | sh -c 'cat'");
    scene.end();
}

#[test]
fn what_runs_later() {
    require_kernel!();
    let scene = Scene::new("persistence");
    for (rule, path) in [
        ("persistence/cron-write", "/etc/cron.d/job"),
        ("persistence/systemd-unit-write", "/etc/systemd/system/x.service"),
        ("persistence/ld-preload-write", "/etc/ld.so.preload"),
        ("persistence/authorized-keys-write", "/root/.ssh/authorized_keys"),
    ] {
        scene.finds(&format!("cp /dev/null {path}"), rule, &format!("{{cp}} created: {path}"));
        let again = format!("{{tee}} opened for writing: {path}");
        scene.finds(&format!("tee -a {path} </dev/null"), rule, &again);
        scene.silent(&format!("cat {path}; cp /dev/null /root/\"$(basename {path})\""));
    }
    scene.end();
}

#[test]
fn who_may_become_root_is_changed() {
    require_kernel!();
    let scene = Scene::new("privilege-escalation");
    let rule = "privilege-escalation/sudoers-write";
    scene.finds("cp /dev/null /etc/sudoers.d/me", rule, "{cp} created: /etc/sudoers.d/me");
    scene.silent("cat /etc/sudoers.d/me; cp /dev/null /root/me");
    scene.end();
}

#[test]
fn a_library_that_is_loaded_first() {
    require_kernel!();
    let scene = Scene::new("persistence");
    let rule = "persistence/ld-preload-environment";
    let message = "{true} was started with LD_PRELOAD=/tmp/none.so";
    scene.finds("env LD_PRELOAD=/tmp/none.so true 2>/dev/null", rule, message);
    scene.silent("env LD_PRELOAD=/usr/lib/none.so NOT_LD_PRELOAD=/tmp/none.so true 2>/dev/null");
    scene.end();
}

#[test]
fn traces_that_are_removed() {
    require_kernel!();
    let scene = Scene::new("defense-evasion");
    let rule = "defense-evasion/log-clearing";
    scene.finds("cp /dev/null /var/log/auth.log", rule, "{cp} emptied /var/log/auth.log");
    scene.silent("echo more >> /var/log/auth.log; cp /dev/null /var/log/app.log; cp /dev/null /var/log/syslog");
    scene.finds(
        "echo x > /var/log/auth.log.new; truncate -s 0 /var/log/auth.log",
        rule,
        "{truncate} changed the length of /var/log/auth.log",
    );
    let rule = "defense-evasion/history-clearing";
    scene.finds("cp /dev/null .bash_history", rule, "{cp} emptied /root/.bash_history");
    // A shell that ends, as one does every day.
    scene.silent("HISTFILE=/root/.bash_history bash -i -c 'set -o history; true' 2>/dev/null; echo x >> .bash_history");
    scene.end();
}

#[test]
fn a_shell_that_connects_to_the_internet() {
    require_kernel!();
    let scene = Scene::new("execution");
    // There is no route in there: the kernel refuses, and nothing leaves.
    let script = "(exec 3<>/dev/tcp/9.9.9.9/443) 2>/dev/null";
    let message = "{bash} tried to connect to 9.9.9.9:443";
    scene.finds(script, "execution/shell-connects", message);
    scene.silent("(exec 3<>/dev/udp/127.0.0.1/53) 2>/dev/null; exec 3<>/dev/null");
    scene.end();
}
