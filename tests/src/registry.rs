//! Registries and clients for tests: Debian's `docker-registry`, ours, and one that lies.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lanner_pack::artifact::{Descriptor, INDEX_MEDIA_TYPE, MANIFEST_MEDIA_TYPE};
use lanner_pack::digest::Digest;
use lanner_pack::layout::Archive;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{PATIENCE, binary, target};

/// A registry in a process of its own. Killed when dropped.
pub struct Registry {
    folder: TempDir,
    kind: Kind,
    address: String,
    child: Option<Child>,
    users: Option<PathBuf>,
}

/// Whose registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Debian's `docker-registry`, which keeps no account of referrers.
    Docker,
    /// Ours.
    Ours,
}

impl Registry {
    /// Starts one that is empty, for anyone.
    pub fn start(kind: Kind) -> Self {
        Self::start_with(kind, None)
    }

    /// Starts one for this user alone.
    pub fn start_for(kind: Kind, user: &str, password: &str) -> Self {
        let made = Command::new("htpasswd").args(["-Bbn", user, password]).output();
        let made = made.expect("htpasswd (Debian: apache2-utils)");
        assert!(made.status.success());
        Self::start_with(kind, Some(made.stdout))
    }

    fn start_with(kind: Kind, users: Option<Vec<u8>>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let users = users.map(|text| {
            let path = folder.path().join("users");
            fs::write(&path, text).expect("the users");
            path
        });
        let mut registry = Self { folder, kind, address: String::new(), child: None, users };
        // Another may take a port between our finding and its using it.
        for _ in 0..20 {
            let free = TcpListener::bind("127.0.0.1:0").expect("a port");
            registry.address = free.local_addr().expect("its address").to_string();
            drop(free);
            if registry.try_resume() {
                return registry;
            }
        }
        panic!("no {kind:?} registry starts");
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A name in it.
    pub fn reference(&self, rest: &str) -> String {
        format!("oci://{}/{rest}", self.address)
    }

    /// Kills it; what it has stays.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again, at the same address.
    pub fn resume(&mut self) {
        assert!(self.try_resume(), "{:?} does not start again", self.kind);
    }

    fn try_resume(&mut self) -> bool {
        let data = self.folder.path().join("data");
        let mut command = match self.kind {
            Kind::Docker => {
                let config = self.folder.path().join("config.json");
                let mut text = json!({
                    "version": "0.1",
                    "log": { "level": "error" },
                    "storage": { "filesystem": { "rootdirectory": data }, "delete": { "enabled": true } },
                    "http": { "addr": self.address },
                });
                if let Some(users) = &self.users {
                    text["auth"] = json!({ "htpasswd": { "realm": "tests", "path": users } });
                }
                // JSON is YAML.
                fs::write(&config, text.to_string()).expect("its configuration");
                let mut command = Command::new("docker-registry");
                command.arg("serve").arg(config);
                command
            }
            Kind::Ours => {
                let mut command = Command::new(target().join("lanner-registry"));
                command.args(["serve", "--admin-listen", "none", "--listen", &self.address, "--storage"]).arg(&data);
                command.env_remove("LANNER_REGISTRY_CONFIG");
                if let Some(users) = &self.users {
                    let config = self.folder.path().join("config.toml");
                    let text = format!("[access]\nanonymous = []\nhtpasswd = {users:?}\n");
                    fs::write(&config, text).expect("its configuration");
                    command.arg("--config").arg(config);
                }
                command
            }
        };
        let log = fs::File::create(self.folder.path().join("log")).expect("a file for its log");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!(
                "{:?} does not start: {error} (Debian: docker-registry; ours: cargo build -p lanner-registry)",
                self.kind
            )
        });
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if child.try_wait().expect("it can be waited for").is_some() {
                return false;
            }
            if TcpStream::connect(&self.address).is_ok() {
                self.child = Some(child);
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = child.kill();
        let _ = child.wait();
        false
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Someone who uses `lanner pack`: with a store, keys, a trust policy and docker's configuration of their own.
pub struct Client {
    folder: TempDir,
}

/// How a verb ended.
pub struct Said {
    /// Whether it did it.
    pub done: bool,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Said {
    /// It did it; what it wrote to stdout.
    #[track_caller]
    pub fn ok(self) -> String {
        assert!(self.done, "{}", self.stderr);
        self.stdout
    }

    /// It refused, with these words.
    #[track_caller]
    pub fn refused(self, words: &str) {
        assert!(!self.done, "it was done: {}", self.stdout);
        assert!(self.stderr.contains(words), "{words:?} is not in: {}", self.stderr);
        assert_eq!(self.stderr.trim().lines().count(), 1, "one sentence: {}", self.stderr);
    }
}

impl Default for Client {
    fn default() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }
}

impl Client {
    /// A file of theirs.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A verb, about to be started.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("NO_COLOR", "1")
            .env("LANNER_STORE", self.file("store"))
            .env("LANNER_CONTROL", self.file("lanner.sock"))
            .env("LANNER_KEY_PASSWORD", "secret")
            .env("DOCKER_CONFIG", self.file("docker"))
            .env_remove("SOURCE_DATE_EPOCH")
            .env_remove("LANNER_LOG")
            .stdin(Stdio::null());
        command
    }

    /// Does a verb of `lanner pack`.
    pub fn pack<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Said {
        let mut command = self.command(["pack"]);
        command.args(arguments);
        finish(command)
    }

    /// As [`Client::pack`], with JSON as the outcome.
    #[track_caller]
    pub fn json<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Value {
        let mut command = self.command(["pack", "--output", "json"]);
        command.args(arguments);
        let text = finish(command).ok();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Makes a pair of keys; gives the private one, beside which the public one lies.
    pub fn key(&self, name: &str) -> PathBuf {
        self.pack(["keygen", "--prefix", name]).ok();
        self.file(&format!("{name}.key"))
    }

    /// Writes a policy that trusts this key of theirs for what begins so.
    pub fn trust(&self, prefix: &str, key: &str) -> PathBuf {
        let path = self.file("trust.toml");
        self.policy(&format!("[[trust]]\nprefix = \"{prefix}\"\nkeys = [\"{key}.pub\"]\n"));
        path
    }

    /// Writes a policy, at once.
    pub fn policy(&self, text: &str) {
        let aside = self.file("aside.toml");
        let text = format!("apiVersion = \"lanner.dev/v1\"\nkind = \"TrustPolicy\"\n\n{text}");
        fs::write(&aside, text).expect("the policy");
        fs::rename(&aside, self.file("trust.toml")).expect("in place");
    }
}

/// Runs it to its end.
pub fn finish(mut command: Command) -> Said {
    let output = command.output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Said { done: output.status.success(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// What is said, by path: a media type and a body.
type Answers = BTreeMap<String, (String, Vec<u8>)>;

/// A registry that says whatever it is told to say. It can only be pulled from.
pub struct Liar {
    address: String,
    answers: Arc<Mutex<Answers>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Default for Liar {
    fn default() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address").to_string();
        let (answers, asked) = (Arc::<Mutex<Answers>>::default(), Arc::<Mutex<Vec<_>>>::default());
        let (told, heard) = (answers.clone(), asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (told, heard) = (told.clone(), heard.clone());
                std::thread::spawn(move || answer(stream, &told, &heard));
            }
        });
        Self { address, answers, asked }
    }
}

fn answer(mut stream: TcpStream, told: &Mutex<Answers>, heard: &Mutex<Vec<String>>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let request = lines.next()?.ok()?;
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    let mut words = request.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let path = target.split('?').next()?.to_owned();
    let found = told.lock().expect("the answers").get(&path).cloned();
    heard.lock().expect("the questions").push(format!("{method} {target}"));
    let head = match &found {
        None => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(),
        Some((kind, body)) => format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        ),
    };
    stream.write_all(head.as_bytes()).ok()?;
    if let (Some((_, body)), "GET") = (found, method) {
        stream.write_all(&body).ok()?;
    }
    stream.shutdown(std::net::Shutdown::Write).ok()?;
    // Closed by us while the other still sends would be a reset.
    let _ = stream.read(&mut [0; 64]);
    Some(())
}

impl Liar {
    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it was asked, as method and path with its query.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the questions").clone()
    }

    /// Says this at a path below `/v2/`.
    pub fn say(&self, path: &str, kind: &str, body: impl Into<Vec<u8>>) {
        self.say_at(&format!("/v2/{path}"), kind, body);
    }

    /// Says this at a path.
    pub fn say_at(&self, path: &str, kind: &str, body: impl Into<Vec<u8>>) {
        let answer = (kind.to_owned(), body.into());
        self.answers.lock().expect("the answers").insert(path.to_owned(), answer);
    }

    /// Says all that an archive, as `lanner pack save` writes it, holds: the truth, under this name and tag.
    pub fn repeat(&self, archive: &Path, name: &str, tag: &str) -> Archive {
        let archive = Archive::read(fs::File::open(archive).expect("the archive")).expect("a sound archive");
        for (digest, bytes) in &archive.blobs {
            self.say(&format!("{name}/blobs/{digest}"), "application/octet-stream", bytes.clone());
            self.say(&format!("{name}/manifests/{digest}"), MANIFEST_MEDIA_TYPE, bytes.clone());
        }
        let pack = &archive.packs[0];
        self.tag(&archive, name, tag, pack.digest);
        let signatures: Vec<Digest> = pack.signatures.iter().copied().collect();
        self.refer(&archive, name, pack.digest, &signatures);
        archive
    }

    /// Lets a tag lead to a manifest of the archive.
    pub fn tag(&self, archive: &Archive, name: &str, tag: &str, digest: Digest) {
        let bytes = archive.blob(digest).expect("it has it");
        self.say(&format!("{name}/manifests/{tag}"), MANIFEST_MEDIA_TYPE, bytes);
    }

    /// Says that these manifests refer to that one.
    pub fn refer(&self, archive: &Archive, name: &str, subject: Digest, referrers: &[Digest]) {
        let of = |digest: &Digest| Descriptor::of(MANIFEST_MEDIA_TYPE, archive.blob(*digest).expect("it has it"));
        let manifests: Vec<Descriptor> = referrers.iter().map(of).collect();
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX_MEDIA_TYPE, "manifests": manifests });
        self.say(&format!("{name}/referrers/{subject}"), INDEX_MEDIA_TYPE, index.to_string());
    }
}
