//! What the tests of the whole system share: they run the real binary on the real kernel.

#![forbid(unsafe_code)]

pub mod browser;
pub mod community;
pub mod docker;
pub mod events;
pub mod http;
pub mod made;
pub mod packages;
pub mod registry;
pub mod stage;

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use tempfile::TempDir;

/// How long to wait for what must come. Only a hang reaches it, however slow and busy the machine is.
pub const PATIENCE: Duration = Duration::from_secs(600);
/// Room for the events of the whole machine while a host waits for the processor, MiB: the other tests make events too.
pub const BUFFER: &str = "128";

/// Why the kernel tests cannot run here, where they cannot.
pub fn no_kernel() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("not root".to_owned());
    }
    if !Path::new("/sys/kernel/btf/vmlinux").exists() {
        return Some("the kernel has no BTF".to_owned());
    }
    None
}

/// Waits until no other test that says the same runs, and keeps them waiting until the lock is dropped: for tests that
/// would see what the other one does.
pub fn alone(what: &str) -> File {
    let lock = File::create(target().join(format!("{what}.lock"))).expect("a file for the lock");
    lock.lock().expect("the lock");
    lock
}

/// Ends a test as skipped, with the reason, where it needs the kernel and cannot have it. With
/// `LANNER_REQUIRE_KERNEL=1` (as in CI) that is a failure.
#[macro_export]
macro_rules! require_kernel {
    () => {
        if let Some(reason) = $crate::no_kernel() {
            assert!(
                std::env::var_os("LANNER_REQUIRE_KERNEL").is_none_or(|value| value != "1"),
                "needs the kernel, and this run must not skip: {reason}"
            );
            println!("skipped: {reason}");
            return;
        }
    };
}

/// The folder that cargo builds this profile into.
pub fn target() -> PathBuf {
    // <target>/<profile>/deps/<test>, or <target>/<profile>/bench
    let ours = std::env::current_exe().expect("the path of the test");
    let folder = ours.parent().expect("it lies in a folder");
    let profile = if folder.ends_with("deps") { folder.parent() } else { Some(folder) };
    profile.expect("a folder above deps").to_owned()
}

/// The `lanner` binary of the same build.
pub fn binary() -> PathBuf {
    let path = target().join("lanner");
    assert!(path.exists(), "{} is missing: run `make test`, or `cargo build -p lanner` first", path.display());
    path
}

/// The top of the source tree.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// The folder of all shipped packs, as built by `cargo xtask packs`.
pub fn shipped_packs() -> PathBuf {
    built(&root().join("target/packs"))
}

/// A shipped pack, as built by `cargo xtask packs`.
pub fn shipped_pack(name: &str) -> PathBuf {
    built(&root().join("target/packs").join(format!("{name}.wasm")))
}

/// A pack made for the tests, as built by `cargo xtask packs`.
pub fn test_pack(name: &str) -> PathBuf {
    built(&root().join("target/test-packs").join(format!("{name}.wasm")))
}

fn built(path: &Path) -> PathBuf {
    assert!(path.exists(), "{} is missing: run `make test`, or `make packs` first", path.display());
    path.to_owned()
}

/// Puts a pack in place as a build does: whole, by a rename.
///
/// # Panics
/// It cannot be written there.
pub fn put(pack: &Path, at: &Path) {
    let aside = at.with_extension("new");
    std::fs::copy(pack, &aside).expect("a copy");
    std::fs::rename(&aside, at).expect("it takes the place");
}

/// Copies a program that is to be run. Another process does: a descriptor to write it that were this one's would be handed
/// to what tests on other threads start, and until that is gone the kernel refuses to run it (ETXTBSY).
///
/// # Panics
/// It cannot be written there.
pub fn copy_program(from: impl AsRef<Path>, to: &Path) {
    let copied = Command::new("cp").args([from.as_ref(), to]).status().expect("there is a cp");
    assert!(copied.success(), "{} cannot be made", to.display());
}

/// Likewise, of what a script consists of. Anybody may run it.
///
/// # Panics
/// It cannot be written there.
pub fn write_program(to: &Path, content: &str) {
    let mut draft = tempfile::NamedTempFile::new().expect("a file");
    draft.write_all(content.as_bytes()).expect("written");
    copy_program(draft.path(), to);
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
}

/// A running `lanner`, its lines collected as they come. Killed when dropped.
pub struct Lanner {
    child: Child,
    stdout: Lines,
    stderr: Lines,
    /// Of its control socket: hosts of other tests have other ones.
    folder: TempDir,
}

/// Lines, each with when it came (since 1970).
type Lines = Arc<Mutex<Vec<(Duration, String)>>>;

impl Lanner {
    /// Starts it with these arguments.
    pub fn start<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self::spawn(Command::new(binary()).args(arguments))
    }

    /// Has it started by a program with arguments of its own, such as one that sets limits.
    pub fn start_by<S: AsRef<std::ffi::OsStr>, T: AsRef<std::ffi::OsStr>>(
        program: &Path,
        its: impl IntoIterator<Item = T>,
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        Self::spawn(Command::new(program).args(its).arg(binary()).args(arguments))
    }

    fn spawn(command: &mut Command) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = command
            .env("NO_COLOR", "1")
            .env("LANNER_CONTROL", control_in(&folder))
            .env_remove("LANNER_LOG")
            .env_remove("LANNER_CONFIG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("lanner starts");
        let stdout = collect(child.stdout.take().expect("its stdout"));
        let stderr = collect(child.stderr.take().expect("its stderr"));
        Self { child, stdout, stderr, folder }
    }

    /// Starts `run` with JSON findings and these packs, and waits until it watches. It has room for what happens while
    /// it waits for the processor, unless `more` says otherwise.
    pub fn watch(packs: &[&Path], more: &[&str]) -> Self {
        let mut arguments: Vec<std::ffi::OsString> = vec!["run".into(), "--output".into(), "json".into()];
        for pack in packs {
            arguments.extend(["--rules".into(), pack.as_os_str().to_owned()]);
        }
        arguments.extend(more.iter().map(Into::into));
        if !more.contains(&"--buffer") {
            arguments.extend(["--buffer".into(), BUFFER.into()]);
        }
        let lanner = Self::start(arguments);
        lanner.wait_for_stderr("watching kernel");
        lanner
    }

    /// Its pid.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its control socket.
    pub fn control(&self) -> PathBuf {
        control_in(&self.folder)
    }

    /// What it has written to stdout.
    pub fn stdout(&self) -> Vec<String> {
        self.stdout.lock().expect("the lines").iter().map(|(_, line)| line.clone()).collect()
    }

    /// How many lines it has written to stdout that contain the text.
    pub fn count(&self, text: &str) -> usize {
        self.stdout.lock().expect("the lines").iter().filter(|(_, line)| line.contains(text)).count()
    }

    /// When each line of stdout came, since 1970.
    pub fn arrivals(&self) -> Vec<Duration> {
        self.stdout.lock().expect("the lines").iter().map(|(at, _)| *at).collect()
    }

    /// What it has written to stderr.
    pub fn stderr(&self) -> String {
        let lines = self.stderr.lock().expect("the lines");
        lines.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// The findings so far.
    pub fn findings(&self) -> Vec<Value> {
        self.stdout().iter().map(|line| serde_json::from_str(line).expect("a finding is a JSON object")).collect()
    }

    /// Waits for a line on stderr that contains the text.
    pub fn wait_for_stderr(&self, text: &str) {
        self.wait(&format!("{text:?} on stderr"), || self.stderr().contains(text));
    }

    /// Waits for a finding that passes the test.
    pub fn wait_for_finding(&self, what: &str, test: impl Fn(&Value) -> bool) -> Value {
        self.wait(what, || self.findings().iter().any(&test));
        self.findings().into_iter().find(test).expect("it was there just now")
    }

    /// Waits until it is done.
    pub fn wait(&self, what: &str, done: impl Fn() -> bool) {
        let end = Instant::now() + PATIENCE;
        loop {
            // Asked for first: what it did last may be what is waited for.
            let ended = self.has_ended();
            if done() {
                return;
            }
            assert!(
                !ended && Instant::now() < end,
                "no {what} {}; stdout:\n{}\nstderr:\n{}",
                if ended { "and it has ended".to_owned() } else { format!("within {PATIENCE:?}") },
                self.stdout().join("\n"),
                self.stderr()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether it has ended and all that it wrote is here. It can still be waited for.
    fn has_ended(&self) -> bool {
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let ended = waitid(WaitId::Pid(Pid::from_child(&self.child)), options).expect("it can be waited for");
        ended.is_some() && Arc::strong_count(&self.stdout) + Arc::strong_count(&self.stderr) == 2
    }

    /// Asks it to end (SIGTERM), and waits.
    pub fn stop(mut self) -> Ended {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it can be signalled");
        self.end()
    }

    /// Waits until it ends by itself.
    pub fn end(&mut self) -> Ended {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                break status;
            }
            assert!(Instant::now() < end, "lanner did not end within {PATIENCE:?}; stderr:\n{}", self.stderr());
            std::thread::sleep(Duration::from_millis(10));
        };
        // The pipes are at their end now; let the readers get there.
        let end = Instant::now() + PATIENCE;
        while Arc::strong_count(&self.stdout) + Arc::strong_count(&self.stderr) > 2 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ended { status, stdout: self.stdout(), stderr: self.stderr() }
    }
}

/// The control socket of a host in a folder of its own.
fn control_in(folder: &TempDir) -> PathBuf {
    folder.path().join("lanner.sock")
}

impl Drop for Lanner {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(pipe: impl std::io::Read + Send + 'static) -> Lines {
    let lines = Lines::default();
    let kept = lines.clone();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines() {
            match line {
                Ok(line) => {
                    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                    kept.lock().expect("the lines").push((now, line));
                }
                Err(_) => return,
            }
        }
    });
    lines
}

/// How a `lanner` ended.
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// All it wrote to stdout.
    pub stdout: Vec<String>,
    /// All it wrote to stderr.
    pub stderr: String,
}

impl Ended {
    /// The findings.
    pub fn findings(&self) -> Vec<Value> {
        self.stdout.iter().map(|line| serde_json::from_str(line).expect("a finding is a JSON object")).collect()
    }
}

/// Runs `lanner` to its end.
pub fn run<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Ended {
    Lanner::start(arguments).end()
}

/// Sends a signal to a process.
pub fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid.cast_signed()).expect("a pid");
    rustix::process::kill_process(pid, signal).expect("it can be signalled");
}

/// Findings of an earlier version are found again; fields may have been added since. `but` are those that may be others: what
/// rules say may become better.
pub fn assert_found_again(now: &[String], then: &str, but: &[&str]) {
    let parse = |line: &str| -> Value { serde_json::from_str(line).expect("a finding is a JSON object") };
    let now: Vec<Value> = now.iter().map(|line| parse(line)).collect();
    let then: Vec<Value> = then.lines().map(parse).collect();
    assert!(now.len() == then.len() || !but.is_empty(), "{now:?}");
    for mut then in then {
        but.iter().for_each(|name| drop(then.as_object_mut().and_then(|then| then.remove(*name))));
        assert!(now.iter().any(|now| says_all(now, &then)), "none of\n{now:?}\nsays all that is in\n{then}");
    }
}

/// Whether all that was said is still said.
fn says_all(now: &Value, then: &Value) -> bool {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => {
            then.iter().all(|(name, then)| now.get(name).is_some_and(|now| says_all(now, then)))
        }
        (now, then) => now == then,
    }
}
