//! Logging in, with the real server and the clients that people use.

mod support;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use support::{HANG, Server, command, digest};
use tempfile::TempDir;

const RULES: &str = "
[[access.rule]]
users = ['alice']
repositories = ['team/*']
actions = ['*']
[[access.rule]]
users = ['*']
repositories = ['team/shared']
actions = ['pull']
[[access.rule]]
users = ['anonymous']
repositories = ['team/public']
actions = ['pull']
";

/// A program with a text on its stdin; it must be there.
fn feed(command: &mut Command, text: &str) -> Output {
    let name = command.get_program().to_owned();
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{name:?} cannot be started ({error}): xtask/setup.sh test"));
    // It may end without having read it.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// A line of `lanner-registry hash-password`.
fn line(user: &str, password: &str) -> String {
    let output = feed(command().args(["hash-password", "--user", user]), &format!("{password}\n"));
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

struct Site {
    server: Server,
    folder: Arc<TempDir>,
}

/// A server with the users alice (password wonderland) and bob (builder).
fn site(rules: &str) -> Site {
    let folder = Arc::new(TempDir::new().unwrap());
    let users = folder.path().join("users");
    std::fs::write(&users, line("alice", "wonderland") + &line("bob", "builder")).unwrap();
    let config = format!("[access]\nhtpasswd = {users:?}\n{rules}");
    Site { server: Server::start_in(folder.clone(), &config), folder }
}

impl Site {
    fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.server.address)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, program: &str, arguments: &[&str], input: &str) -> (bool, String) {
        let mut command = Command::new(program);
        // Its own home: nobody's logins are changed or used.
        command.args(arguments).env("HOME", self.folder.path()).env("XDG_RUNTIME_DIR", self.folder.path());
        command.env("REGISTRY_AUTH_FILE", self.path("auth.json")).env("DOCKER_CONFIG", self.path("docker"));
        let output = feed(&mut command, input);
        (output.status.success(), said(&output))
    }

    fn assert_run(&self, program: &str, arguments: &[&str], input: &str) -> String {
        let (done, text) = self.run(program, arguments, input);
        assert!(done, "{program} {arguments:?}: {text}\nThe log:\n{}", self.server.log());
        text
    }

    /// Its passwords must not be in the log, of which all is known once it has ended.
    fn assert_discreet(mut self) {
        self.server.stop();
        let log = self.server.log();
        assert!(log.contains("a login failed"), "{log}");
        for secret in ["wonderland", "builder", "Basic ", "Bearer ey", "$argon2id$"] {
            assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
        }
    }
}

/// An image in a folder, as skopeo reads it: one layer, a tar that is empty.
fn write_image(folder: &Path) -> String {
    let blobs = folder.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let write = |bytes: &[u8]| {
        let digest = digest(bytes);
        std::fs::write(blobs.join(digest.strip_prefix("sha256:").unwrap()), bytes).unwrap();
        (digest, bytes.len())
    };
    let (layer, layer_size) = write(&[0; 1024]);
    let config = json!({
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": { "type": "layers", "diff_ids": [layer] },
        "history": [{ "created_by": "a test" }],
    });
    let (config, config_size) = write(config.to_string().as_bytes());
    let of = |kind: &str, digest: &str, size: usize| {
        let media_type = format!("application/vnd.oci.image.{kind}");
        json!({ "mediaType": media_type, "digest": digest, "size": size })
    };
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": of("config.v1+json", &config, config_size),
        "layers": [of("layer.v1.tar", &layer, layer_size)],
    });
    let (manifest, manifest_size) = write(manifest.to_string().as_bytes());
    let mut entry = of("manifest.v1+json", &manifest, manifest_size);
    entry["annotations"] = json!({ "org.opencontainers.image.ref.name": "1" });
    let index = json!({ "schemaVersion": 2, "manifests": [entry] });
    std::fs::write(folder.join("index.json"), index.to_string()).unwrap();
    std::fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    manifest
}

#[test]
fn skopeo() {
    let site = site(RULES);
    let digest = write_image(&site.path("image"));
    let source = format!("oci:{}:1", site.path("image").display());
    let registry = site.server.address.to_string();
    let to = |name: &str| format!("docker://{}", site.image(name));
    let copy = |from: &str, to: &str| {
        // It would compress the layer otherwise.
        let options = ["--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false"];
        site.run("skopeo", &[&["copy"], &options[..], &[from, to]].concat(), "")
    };
    let log_in = |user: &str, password: &str| {
        let arguments = ["login", "--tls-verify=false", "--username", user, "--password-stdin", &registry];
        site.run("skopeo", &arguments, password)
    };
    let log_out = || site.assert_run("skopeo", &["logout", &registry], "");

    let (pushed, text) = copy(&source, &to("team/app:1"));
    // What it asks first are heads, whose refusals have no text.
    assert!(!pushed && text.contains("denied"), "{text}");
    let (logged_in, text) = log_in("alice", "builder");
    assert!(!logged_in && text.contains("invalid username/password"), "{text}");
    let (logged_in, text) = log_in("alice", "wonderland");
    assert!(logged_in, "{text}\n{}", site.server.log());
    for name in ["team/app:1", "team/shared:1", "team/public:1", "team/gone:1"] {
        let (pushed, text) = copy(&source, &to(name));
        assert!(pushed, "{name}: {text}\n{}", site.server.log());
    }
    let inspect = |name: &str| site.run("skopeo", &["inspect", "--tls-verify=false", &to(name)], "");
    let (seen, text) = inspect("team/app:1");
    assert!(seen && text.contains(&digest), "{text}");
    site.assert_run("skopeo", &["delete", "--tls-verify=false", &to("team/gone:1")], "");
    let (seen, text) = inspect("team/gone:1");
    assert!(!seen && text.contains("manifest unknown"), "{text}");

    log_out();
    let (logged_in, text) = log_in("bob", "builder");
    assert!(logged_in, "{text}");
    let (pulled, text) = copy(&to("team/shared:1"), &format!("oci:{}:1", site.path("copy").display()));
    assert!(pulled, "{text}\n{}", site.server.log());
    let (pushed, text) = copy(&source, &to("team/shared:2"));
    assert!(!pushed && text.contains("bob may not push to team/shared"), "{text}");
    // Whether it is there or not, there is one answer.
    for name in ["team/app", "team/nothing"] {
        let (seen, text) = inspect(&format!("{name}:1"));
        assert!(!seen && text.contains(&format!("bob may not pull from {name}")), "{text}");
    }

    log_out();
    let (seen, text) = inspect("team/public:1");
    assert!(seen && text.contains(&digest), "{text}");
    assert!(!inspect("team/shared:1").0);
    site.assert_discreet();
}

#[test]
fn oras_in_python() {
    let site = site(RULES);
    let file = site.path("file.txt");
    std::fs::write(&file, "What an artifact holds.").unwrap();
    let script = "
import sys, time, oras.client
# It waits for minutes before it believes a refusal.
time.sleep = lambda seconds: None
host, user, password, target, file, out = sys.argv[1:]
# Its token backend keeps the first token it gets, which is one to pull: pushing is for passwords.
backend = 'basic' if user == 'alice' else 'token'
client = oras.client.OrasClient(hostname=host, insecure=True, auth_backend=backend)
client.login(hostname=host, username=user, password=password, tls_verify=False)
if user == 'alice':
    answer = client.push(target=target, files=[file + ':text/plain'], disable_path_validation=True)
    assert answer.status_code == 201, answer.status_code
seen = client.do_request('http://' + target.rsplit(':', 1)[0].replace('/', '/v2/', 1) + '/manifests/1')
assert seen.status_code == 200, seen.text
print(client.pull(target=target, outdir=out))
";
    let registry = site.server.address.to_string();
    let run = |user: &str, password: &str, name: &str, out: &str| {
        let (target, out) = (site.image(name), site.path(out).display().to_string());
        let file = file.display().to_string();
        site.run("python3", &["-c", script, &registry, user, password, &target, &file, &out], "")
    };
    let (done, text) = run("alice", "wonderland", "team/shared:1", "alice");
    assert!(done, "{text}\n{}", site.server.log());
    let (done, text) = run("bob", "builder", "team/shared:1", "bob");
    assert!(done, "{text}\n{}", site.server.log());
    assert!(text.contains("file.txt"), "{text}");
    let (done, text) = run("bob", "wrong", "team/shared:1", "wrong");
    assert!(!done && text.contains("Cannot respond to request for authentication"), "{text}");
    let (done, text) = run("bob", "builder", "team/app:1", "other");
    assert!(!done && text.contains("bob may not pull from team/app"), "{text}");
    site.assert_discreet();
}

#[test]
fn podman() {
    let site = site(RULES);
    write_image(&site.path("image"));
    let registry = site.server.address.to_string();
    let (root, run) = (site.path("containers").display().to_string(), site.path("run").display().to_string());
    let podman = |arguments: &[&str], input: &str| {
        let storage = ["--storage-driver", "vfs", "--root", &root, "--runroot", &run];
        site.run("podman", &[&storage[..], arguments].concat(), input)
    };
    let log_in = |password: &str| {
        podman(&["login", "--tls-verify=false", "--username", "alice", "--password-stdin", &registry], password)
    };
    assert!(!log_in("wrong").0);
    let (logged_in, text) = log_in("wonderland");
    assert!(logged_in && text.contains("Login Succeeded"), "{text}");
    let (source, first) = (format!("oci:{}:1", site.path("image").display()), site.image("team/first:1"));
    let to = format!("docker://{first}");
    let credentials = ["--dest-tls-verify=false", "--dest-creds", "alice:wonderland"];
    site.assert_run("skopeo", &[&["copy"], &credentials[..], &[&source, &to]].concat(), "");
    let (pulled, text) = podman(&["pull", "--tls-verify=false", &first], "");
    assert!(pulled, "{text}\n{}", site.server.log());
    let target = site.image("team/app:1");
    let (pushed, text) = podman(&["push", "--tls-verify=false", &first, &target], "");
    assert!(pushed, "{text}\n{}", site.server.log());
    let (pulled, text) = podman(&["pull", "--tls-verify=false", &target], "");
    assert!(pulled, "{text}\n{}", site.server.log());
    let (_, text) = podman(&["logout", &registry], "");
    assert!(text.contains("Removed login"), "{text}");
    assert!(!podman(&["pull", "--tls-verify=false", &target], "").0, "it was had without a login");
    site.assert_discreet();
}

#[tokio::test]
async fn lines_of_apache() {
    let site = site("");
    let users = site.path("users");
    let file = users.display().to_string();
    let client = reqwest::Client::new();
    let status = async |user: &str, password: &str| {
        let request = client.get(site.server.url("/v2/")).basic_auth(user, Some(password));
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(status("carol", "secret").await, 401);
    site.assert_run("htpasswd", &["-Bi", "-C", "6", &file, "carol"], "secret");
    let began = std::time::Instant::now();
    while status("carol", "secret").await != 200 {
        assert!(began.elapsed() < HANG, "{}", site.server.log());
        // Longer than any wait after so few failures.
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    }
    // Its default for a long time, MD5, is not: what was there before goes on.
    site.assert_run("htpasswd", &["-mi", &file, "dave"], "secret");
    while !site.server.log().contains("the users stay as they were") {
        assert!(began.elapsed() < HANG, "{}", site.server.log());
        assert_eq!(status("carol", "secret").await, 200);
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    assert!(site.server.log().contains("line 4: the hash is MD5"), "{}", site.server.log());
    site.assert_discreet();
}

#[tokio::test]
async fn the_catalog_and_a_restart() {
    let mut site = site(RULES);
    let client = reqwest::Client::new();
    for name in ["team/app", "team/public", "team/shared"] {
        let url = site.server.url(&format!("/v2/{name}/blobs/uploads/?digest={}", digest(b"x")));
        let pushed = client.post(url).basic_auth("alice", Some("wonderland")).body("x").send().await.unwrap();
        assert_eq!(pushed.status(), 201);
        let manifest = json!({
            "schemaVersion": 2,
            "config": { "mediaType": "text/plain", "digest": digest(b"x"), "size": 1 },
            "layers": [],
        });
        let put = client.put(site.server.url(&format!("/v2/{name}/manifests/1")));
        let put = put.basic_auth("alice", Some("wonderland")).body(manifest.to_string());
        let put = put.header("content-type", "application/vnd.oci.image.manifest.v1+json").send().await.unwrap();
        assert_eq!(put.status(), 201, "{}", put.text().await.unwrap());
    }
    let catalog = async |server: &Server, user: Option<(&str, &str)>| -> Value {
        let mut request = client.get(server.url("/v2/_catalog"));
        if let Some((user, password)) = user {
            request = request.basic_auth(user, Some(password));
        }
        let text = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["repositories"].clone()
    };
    let all = json!(["team/app", "team/public", "team/shared"]);
    assert_eq!(catalog(&site.server, Some(("alice", "wonderland"))).await, all);
    assert_eq!(catalog(&site.server, Some(("bob", "builder"))).await, json!(["team/public", "team/shared"]));
    assert_eq!(catalog(&site.server, None).await, json!(["team/public"]));
    let config = std::fs::read_to_string(site.path("config.toml")).unwrap();
    let token = client.get(site.server.url("/token?scope=repository:team/app:pull"));
    let token = token.basic_auth("alice", Some("wonderland")).send().await.unwrap().text().await.unwrap();
    let token = serde_json::from_str::<Value>(&token).unwrap()["token"].as_str().unwrap().to_owned();
    let pull = async |server: &Server| {
        let request = client.get(server.url("/v2/team/app/manifests/1")).bearer_auth(&token);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(pull(&site.server).await, 200);
    // The key is kept: a token is good after a restart, and for no other registry.
    site.server.stop();
    let other = self::site(RULES);
    let again = Server::start_in(site.folder.clone(), &config);
    assert_eq!(pull(&again).await, 200);
    assert_eq!(pull(&other.server).await, 401);
}

#[tokio::test]
async fn mounting_needs_to_pull() {
    let rules = "
    [[access.rule]]
    users = ['alice']
    repositories = ['*']
    actions = ['*']
    [[access.rule]]
    users = ['bob']
    repositories = ['bobs']
    actions = ['*']";
    let site = site(rules);
    let client = reqwest::Client::new();
    let post = async |user: &str, password: &str, path: String| {
        let request = client.post(site.server.url(&path)).basic_auth(user, Some(password)).body("secret");
        request.send().await.unwrap().status().as_u16()
    };
    let blob = digest(b"secret");
    assert_eq!(post("alice", "wonderland", format!("/v2/alices/blobs/uploads/?digest={blob}")).await, 201);
    let nothing = digest(b"nothing");
    for mount in [format!("{blob}&from=alices"), blob.clone(), format!("{nothing}&from=alices")] {
        assert_eq!(post("bob", "builder", format!("/v2/bobs/blobs/uploads/?mount={mount}")).await, 202, "{mount}");
    }
    assert_eq!(post("alice", "wonderland", format!("/v2/bobs/blobs/uploads/?mount={blob}&from=alices")).await, 201);
}

#[test]
fn a_server_that_is_not_meant_to_be_open() {
    let folder = TempDir::new().unwrap();
    let refused = |config: &str, listen: &str| {
        let file = folder.path().join("config.toml");
        std::fs::write(&file, config).unwrap();
        let mut server = command();
        server.args(["serve", "--admin-listen", "none", "--listen", listen, "--config"]).arg(&file);
        let output = server.arg("--storage").arg(folder.path().join("storage")).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        said(&output)
    };
    let text = refused("", "0.0.0.0:0");
    assert!(text.contains("0.0.0.0:0") && text.contains("access.anonymous"), "{text}");
    let users = folder.path().join("users");
    std::fs::write(&users, format!("{}bob:{{SHA}}x\n", line("alice", "x"))).unwrap();
    let text = refused(&format!("[access]\nhtpasswd = {users:?}"), "127.0.0.1:0");
    assert!(text.contains("line 2") && text.contains("SHA-1") && text.contains("hash-password --user"), "{text}");
    let text = refused("[access]\nhtpasswd = '/nowhere/users'", "127.0.0.1:0");
    assert!(text.contains("/nowhere/users"), "{text}");
}

#[test]
fn hashing_passwords() {
    let hash = |arguments: &[&str], input: &str| {
        let output = feed(command().arg("hash-password").args(arguments), input);
        (output.status.code(), said(&output))
    };
    let (code, text) = hash(&["--user", "alice"], "secret\r\nmore\n");
    assert_eq!(code, Some(0));
    assert!(text.starts_with("alice:$argon2id$v=19$") && text.ends_with('\n') && text.lines().count() == 1, "{text}");
    assert_ne!(hash(&["--user", "alice"], "secret").1, text, "each has a salt of its own");
    assert!(hash(&[], "secret").1.starts_with("$argon2id$"));
    for (arguments, input, named) in [
        (&[][..], "", "empty"),
        (&[], "\n", "empty"),
        (&[], &"x".repeat(1025), "longer"),
        (&[], &"x".repeat(5000), "longer"),
        (&["--user", "a:b"], "x", "colon"),
        (&["--user", "anonymous"], "x", "anonymous"),
    ] {
        let (code, text) = hash(arguments, input);
        assert!(code == Some(1) && text.contains(named), "{arguments:?} {text}");
    }
}
