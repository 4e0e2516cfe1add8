//! The two servers, each with a folder of its own on the same disk.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lanner_tests::target;

pub(super) struct Server {
    process: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Server {
    pub(super) fn ours() -> Self {
        let binary = target().join("lanner-registry");
        Self::start(|folder, port| {
            let mut command = Command::new(binary);
            let config = folder.join("config.toml");
            let storage = folder.join("data");
            let text = format!(
                "[storage]\npath = {storage:?}\n[http]\naddress = \"127.0.0.1:{port}\"\n[admin]\naddress = \"127.0.0.1:0\"\n"
            );
            fs::write(&config, text).expect("a configuration");
            command.args(["--log", "warn", "serve", "--config"]).arg(config);
            command
        })
    }

    /// Debian's, if it is installed.
    pub(super) fn peer() -> Option<Self> {
        let found = Command::new("docker-registry").arg("--version").stdout(Stdio::null()).status();
        found.is_ok_and(|status| status.success()).then(|| {
            Self::start(|folder, port| {
                let config = folder.join("config.yml");
                let storage = folder.join("data");
                let text = format!(
                    "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage:\n  cache: {{blobdescriptor: inmemory}}\n  \
                     filesystem: {{rootdirectory: {storage:?}}}\n  delete: {{enabled: true}}\nhttp: {{addr: \"127.0.0.1:{port}\"}}\n"
                );
                fs::write(&config, text).expect("a configuration");
                let mut command = Command::new("docker-registry");
                command.arg("serve").arg(config);
                command
            })
        })
    }

    fn start(command: impl FnOnce(PathBuf, u16) -> Command) -> Self {
        // In the target folder: /tmp may be memory.
        let folder = tempfile::tempdir_in(target()).expect("a folder");
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr()).expect("a free port").port();
        let process = command(folder.path().to_owned(), port)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a server");
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "the server does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process, port, folder }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// VmHWM, MiB.
    pub(super) fn most_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: u64 = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default();
        kib.div_ceil(1024)
    }

    /// Frees what large blobs take: the disk is not what is measured.
    pub(super) fn forget(&self) {
        let mut folders = vec![self.folder.path().join("data")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.metadata() {
                    Ok(facts) if facts.is_dir() => folders.push(entry.path()),
                    Ok(facts) if facts.len() > 200 << 20 => fs::remove_file(entry.path()).expect("removed"),
                    _ => {}
                }
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
