//! Starts the real server for a test, and speaks to it.

#![allow(dead_code, reason = "every test takes what it needs")]

mod patience;
mod said;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

pub(crate) use patience::{HANG, patient};
pub(crate) use said::Said;

/// The program.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lanner-registry"));
    command.env_remove("LANNER_REGISTRY_CONFIG").env_remove("LANNER_REGISTRY_LOG");
    command.env_remove("LANNER_REGISTRY_LOG_FORMAT").stdin(Stdio::null());
    command
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    process: Child,
    log: Said,
    folder: Arc<TempDir>,
    /// Where clients are answered.
    pub(crate) address: SocketAddr,
    /// Where the administrator is.
    pub(crate) admin: SocketAddr,
    /// `http` or `https`.
    pub(crate) scheme: String,
}

impl Server {
    /// Starts one with this configuration, in a new folder. Addresses and the storage are given by flags; a client has all
    /// the time it needs, but where the configuration says something else ([`patient`]).
    pub(crate) fn start(config: &str) -> Self {
        Self::start_in(Arc::new(TempDir::new().unwrap()), config)
    }

    /// Starts one in a folder of which another one may have used the storage before.
    pub(crate) fn start_in(folder: Arc<TempDir>, config: &str) -> Self {
        Self::start_with(folder, config, &[])
    }

    /// With more flags.
    pub(crate) fn start_with(folder: Arc<TempDir>, config: &str, flags: &[&str]) -> Self {
        Self::start_as(command(), folder, config, flags)
    }

    /// With a command that has an environment of its own.
    pub(crate) fn start_as(mut command: Command, folder: Arc<TempDir>, config: &str, flags: &[&str]) -> Self {
        let file = folder.path().join("config.toml");
        std::fs::write(&file, patient(config)).unwrap();
        let ready = folder.path().join("ready");
        let _ = std::fs::remove_file(&ready);
        let mut process = command
            .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--log", "debug"])
            .arg("--config")
            .arg(&file)
            .arg("--storage")
            .arg(storage_in(&folder))
            .arg("--ready-file")
            .arg(&ready)
            .args(flags)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Said::by(&mut process);
        let began = Instant::now();
        let text = loop {
            if let Ok(text) = std::fs::read_to_string(&ready) {
                break text;
            }
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < HANG, "not started: {}", log.so_far());
            std::thread::sleep(Duration::from_millis(5));
        };
        let line = |at: usize| text.lines().nth(at).unwrap().split_once(' ').unwrap();
        let (scheme, address) = line(0);
        let (scheme, address, admin) = (scheme.to_owned(), address.parse().unwrap(), line(1).1.parse().unwrap());
        Self { process, log, folder, address, admin, scheme }
    }

    /// Where clients are answered, and what follows.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Where the administrator is answered, and what follows.
    pub(crate) fn admin_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.admin)
    }

    /// The folder of the configuration and the storage.
    pub(crate) fn folder(&self) -> Arc<TempDir> {
        self.folder.clone()
    }

    /// The folder of the storage.
    pub(crate) fn storage(&self) -> PathBuf {
        storage_in(&self.folder)
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// What is known of its log; all of it once it has ended. What it must hold while the server runs is waited for
    /// ([`Server::logs`]).
    pub(crate) fn log(&self) -> String {
        self.log.so_far()
    }

    /// Waits until the log holds this.
    pub(crate) async fn logs(&self, text: &str) {
        self.log.wait_for(text, |log| log.contains(text).then_some(())).await;
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < HANG, "it does not end: {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        };
        self.log.end();
        status
    }

    /// Stops it as an administrator would.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// The most memory it has had, in bytes.
    pub(crate) fn most_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// One number of its metrics, by all that stands before it; 0 if it was never counted.
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let text = reqwest::get(self.admin_url("/metrics")).await.unwrap().text().await.unwrap();
        let number = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        number.map_or(0, |number| number.parse().unwrap())
    }

    /// Waits until a number of its metrics is this.
    pub(crate) async fn metric_becomes(&self, name: &str, expected: u64) {
        self.metric_is(name, |number| number == expected).await;
    }

    /// Waits until a number of its metrics is as it should be.
    pub(crate) async fn metric_is(&self, name: &str, expected: impl Fn(u64) -> bool) {
        let began = Instant::now();
        loop {
            let number = self.metric(name).await;
            if expected(number) {
                return;
            }
            assert!(began.elapsed() < HANG, "{name} stays {number}; the log:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn storage_in(folder: &TempDir) -> PathBuf {
    folder.path().join("storage")
}

/// The digest of bytes, as the registry writes it.
pub(crate) fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    format!("sha256:{}", hex::encode(hash))
}

/// Pushes a blob in one request after the one that begins; its digest.
pub(crate) async fn push_blob(client: &reqwest::Client, server: &Server, repository: &str, bytes: &[u8]) -> String {
    let digest = digest(bytes);
    let begun = client.post(server.url(&format!("/v2/{repository}/blobs/uploads/"))).send().await.unwrap();
    assert_eq!(begun.status(), 202, "{}", server.log());
    let location = begun.headers()["location"].to_str().unwrap().to_owned();
    let url = server.url(&format!("{location}?digest={digest}"));
    let pushed = client.put(url).body(bytes.to_vec()).send().await.unwrap();
    assert_eq!(pushed.status(), 201, "{}", server.log());
    digest
}

/// Pushes a manifest that refers to these blobs; its digest.
pub(crate) async fn push_manifest(
    client: &reqwest::Client,
    server: &Server,
    repository: &str,
    tag: &str,
    blobs: &[(String, u64)],
) -> String {
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let layers: Vec<_> = blobs
        .iter()
        .map(|(digest, size)| {
            serde_json::json!({ "mediaType": "application/octet-stream", "digest": digest, "size": size })
        })
        .collect();
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": layers[0],
        "layers": layers[1..],
    });
    let bytes = serde_json::to_vec(&manifest).unwrap();
    let digest = digest(&bytes);
    let request = client.put(server.url(&format!("/v2/{repository}/manifests/{tag}")));
    let pushed = request.header("content-type", media_type).body(bytes).send().await.unwrap();
    assert_eq!(pushed.status(), 201, "{}", server.log());
    digest
}

/// Runs a verb of the program on a storage; what it says on stdout and stderr, and its exit code.
pub(crate) fn run(verb: &str, storage: &Path) -> (String, Option<i32>) {
    let output = command().arg(verb).arg("--storage").arg(storage).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8(text).unwrap(), output.status.code())
}
