//! Docker, with a daemon of its own for each test.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::PATIENCE;

/// What a command says, which has to succeed.
///
/// # Panics
/// It does not.
pub fn said(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().expect("it can be run");
    assert!(status.success(), "{command:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).expect("UTF-8").trim().to_owned()
}

/// A Docker daemon of our own. Ended when dropped.
pub struct Docker {
    child: Child,
    folder: TempDir,
}

impl Docker {
    /// Starts one that has no network, and waits until it answers.
    ///
    /// # Panics
    /// It cannot be started.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let log = fs::File::create(at("log")).expect("a file");
        let child = Command::new("dockerd")
            .args(["--bridge=none", "--iptables=false", "--ip6tables=false", "--data-root"])
            .arg(at("data"))
            .arg("--exec-root")
            .arg(at("exec"))
            .arg("--pidfile")
            .arg(at("pid"))
            .arg(format!("--host=unix://{}", at("docker.sock").display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("docker.io is installed");
        let docker = Self { child, folder };
        let until = Instant::now() + PATIENCE;
        while !docker.command(&["version"]).output().is_ok_and(|output| output.status.success()) {
            let log = || fs::read_to_string(docker.folder.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < until, "dockerd does not answer: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
        docker
    }

    /// Where all that it has lies.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A command of its client's.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.arg(format!("--host=unix://{}", self.folder.path().join("docker.sock").display())).args(arguments);
        command
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        // It ends its containerd with itself, where it is asked to end.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}
