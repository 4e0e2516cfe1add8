//! Packages: made of what is built here, the same bytes each time; installed, used, upgraded and removed in a Debian of its own.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use lanner_tests::docker::said;
use lanner_tests::packages::{Maker, VERSION as NEW};
use lanner_tests::{PATIENCE, require_kernel, root};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// The rule that is put to the test.
const RULE: &str = "credential-access/shadow-read";
/// A version that was before.
const OLD: &str = "0.0.9";
/// What `SHA256SUMS` says, each held against the file.
fn sums(folder: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(folder.join("SHA256SUMS")).expect("the sums");
    let sum = |line: &str| {
        let (sum, name) = line.split_once("  ").expect("a sum and a name");
        let digest = Sha256::digest(fs::read(folder.join(name)).expect("the file"));
        assert_eq!(hex::encode(digest), sum, "{name}");
        (name.to_owned(), sum.to_owned())
    };
    text.lines().map(sum).collect()
}

/// All files below a folder, with their modes and bytes.
fn tree(folder: &Path) -> Vec<(PathBuf, u32, Vec<u8>)> {
    let mut all = Vec::new();
    let mut next = vec![folder.to_owned()];
    while let Some(folder) = next.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            let (path, facts) = (entry.path(), entry.metadata().expect("its facts"));
            match facts.is_dir() {
                true => next.push(path),
                false => all.push((path.clone(), facts.permissions().mode(), fs::read(path).expect("a file"))),
            }
        }
    }
    all.iter_mut().for_each(|(path, ..)| *path = path.strip_prefix(folder).expect("below it").to_owned());
    all.sort();
    all
}

/// A Debian of its own, which sees the processes and the kernel of this machine.
struct Debian {
    folder: TempDir,
}

impl Debian {
    fn new() -> Option<Self> {
        let archive = root().join("target/debian.tar");
        if !archive.exists() {
            let required = std::env::var_os("LANNER_REQUIRE_KERNEL").is_some_and(|value| value == "1");
            assert!(
                !required,
                "this run must not skip: {} is missing, which xtask/setup.sh test makes",
                archive.display()
            );
            println!("skipped: {} is missing, which xtask/setup.sh test makes", archive.display());
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        said(Command::new("tar").arg("-C").arg(folder.path()).arg("-xf").arg(archive).args(["--exclude", "./dev/*"]));
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("anybody may look");
        Some(Self { folder })
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.trim_start_matches('/'))
    }

    /// A command in it. What is mounted for it is gone with it.
    fn command(&self, words: &[&str]) -> Command {
        let script =
            "cd \"$0\" && for place in proc sys dev; do mount --rbind /$place $place; done && exec chroot . \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "slave", "sh", "-c", script]).arg(self.folder.path()).args(words);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C");
        command.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
        command
    }

    fn says(&self, words: &[&str]) -> String {
        said(&mut self.command(words))
    }

    fn install(&self, package: &Path) {
        let name = "/root/package.deb";
        fs::copy(package, self.at(name)).expect("a copy");
        self.says(&["dpkg", "--install", name]);
        assert!(self.says(&["dpkg", "--audit"]).is_empty());
    }

    /// Starts what the installed unit starts, and waits until it watches.
    fn serve(&self) -> Service {
        let unit = fs::read_to_string(self.at("/usr/lib/systemd/system/lanner.service")).expect("the unit");
        let line = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("what it starts");
        let words: Vec<&str> = line.split(' ').collect();
        let log = self.folder.path().join("root/log");
        let mut command = self.command(&words);
        let file = File::create(&log).expect("a file");
        let service = Service { child: command.stdout(Stdio::null()).stderr(file).spawn().expect("it starts"), log };
        service.wait("watching kernel", || service.said().contains("watching kernel"));
        service
    }

    /// The findings that are kept.
    fn findings(&self) -> Vec<Value> {
        let lines = self.says(&["lanner", "findings", "list", "--output", "json"]);
        lines.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
    }

    fn has_found(&self) -> bool {
        self.findings().iter().any(|finding| finding["finding"]["rule"] == RULE)
    }
}

/// A host as its unit runs it.
struct Service {
    child: Child,
    log: PathBuf,
}

impl Service {
    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn wait(&self, what: &str, done: impl Fn() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !done() {
            assert!(Instant::now() < until, "no {what}: {}", self.said());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn stop(mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it can be signalled");
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{}", self.said());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn gunzip(path: &Path) -> String {
    let mut text = String::new();
    GzDecoder::new(File::open(path).expect("the file")).read_to_string(&mut text).expect("it is compressed");
    text
}

#[test]
fn the_same_gives_the_same_bytes() {
    let maker = Maker::new();
    let [one, two] = ["one", "two"].map(|name| maker.make(name, NEW, &["credential-access"]));
    let made = sums(&one);
    assert_eq!(made, sums(&two));
    let names: BTreeSet<&str> = made.iter().map(|(name, _)| name.as_str()).collect();
    for name in ["lanner", "lanner-registry"] {
        let arch = std::env::consts::ARCH;
        let rpm = format!("{name}-{NEW}-1.{arch}.rpm");
        for file in [name.to_owned(), format!("{name}.debug"), rpm.clone(), format!("{name}_{NEW}.cdx.json")] {
            assert!(names.contains(&*file), "{file} is missing: {names:?}");
        }
        assert!(names.iter().any(|file| file.starts_with(&format!("{name}_{NEW}_")) && file.ends_with(".deb")));
        said(Command::new("rpm").arg("-K").arg(one.join(&rpm)));
        let listed = said(Command::new("rpm").args(["-qp", "--list"]).arg(one.join(&rpm)));
        for file in [format!("/usr/bin/{name}"), format!("/usr/lib/systemd/system/{name}.service")] {
            assert!(listed.lines().any(|line| line == file), "{listed}");
        }
        let scripts = said(Command::new("rpm").args(["-qp", "--scripts"]).arg(one.join(&rpm)));
        assert!(scripts.contains(&format!("preset {name}.service")), "{scripts}");
        bill_is_whole(&one.join(format!("{name}_{NEW}.cdx.json")), name);
        // A debugger finds what was taken out of the program by the name that is left in it.
        let sections = said(Command::new("objdump").arg("-h").arg(one.join(name)));
        assert!(sections.contains(".gnu_debuglink") && !sections.contains(".debug_info"), "{sections}");
        let debug = said(Command::new("objdump").arg("-h").arg(one.join(format!("{name}.debug"))));
        assert!(debug.contains(".debug_line"), "{debug}");
    }
    let config = said(
        Command::new("rpm")
            .args(["-qp", "--configfiles"])
            .arg(one.join(format!("lanner-{NEW}-1.{}.rpm", std::env::consts::ARCH))),
    );
    assert!(config.lines().any(|line| line == "/etc/lanner/lanner.lock"), "{config}");
    assert_eq!(tree(&one.join("image")), tree(&two.join("image")));

    // What the key beside it does not verify is not handed out.
    fs::copy(Maker::new().key().with_extension("pub"), maker.key().with_extension("pub")).expect("a copy");
    let refused = maker.command("three", NEW, &["credential-access"]).0.output().expect("it runs");
    let why = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && why.contains("the signature is by another key"), "{why}");
}

/// All that a program is made of stands in its bill, as `Cargo.lock` has it.
fn bill_is_whole(path: &Path, name: &str) {
    let bill: Value = serde_json::from_str(&text(path)).expect("JSON");
    assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&"CycloneDX".into(), &"1.5".into()));
    assert_eq!(bill["metadata"]["component"]["name"], name);
    let components = bill["components"].as_array().expect("components");
    let lock: toml::Table = text(&root().join("Cargo.lock")).parse().expect("TOML");
    let locked = lock["package"].as_array().expect("packages");
    for component in components {
        let of = |key: &str| component[key].as_str().unwrap_or_default();
        let is = |one: &&toml::Value| {
            one["name"].as_str() == Some(of("name")) && one["version"].as_str() == Some(of("version"))
        };
        let one = locked.iter().find(is).unwrap_or_else(|| panic!("{component} is not in Cargo.lock"));
        let sum = one.get("checksum").and_then(toml::Value::as_str);
        assert_eq!(component["hashes"][0]["content"].as_str(), sum, "{component}");
        assert!(component["licenses"][0]["expression"].is_string(), "{component}");
    }
    let refs: BTreeSet<&str> = components.iter().filter_map(|one| one["bom-ref"].as_str()).collect();
    assert_eq!(refs.len(), components.len());
    for needed in ["pkg:cargo/tokio@", "pkg:cargo/serde@"] {
        assert!(refs.iter().any(|one| one.starts_with(needed)), "{name} has no {needed}");
    }
    for dependency in bill["dependencies"].as_array().expect("dependencies") {
        for on in dependency["dependsOn"].as_array().expect("what it needs") {
            assert!(on.as_str().is_some_and(|on| refs.contains(on)), "{dependency}");
        }
    }
}

/// Rpm keeps what was changed, replaces what was not, and leaves nothing of its own behind.
fn upgraded_by_rpm(old: &Path, new: &Path) {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |path: &str| folder.path().join(path);
    let rpm = |arguments: &[&str]| {
        let mut command = Command::new("rpm");
        // There is no shell for its scripts, nor a C library.
        said(command.arg("--root").arg(folder.path()).args(arguments).args(["--nodeps", "--noscripts"]))
    };
    let file = |folder: &Path, version: &str| {
        folder.join(format!("lanner-{version}-1.{}.rpm", std::env::consts::ARCH)).to_str().expect("UTF-8").to_owned()
    };
    let (config, lock, state) =
        (at("etc/lanner/lanner.toml"), at("etc/lanner/lanner.lock"), at("var/lib/lanner/state"));
    rpm(&["--install", &file(old, OLD)]);
    let own = format!("{}\n# Ours\n", text(&config));
    fs::write(&config, &own).expect("written");
    fs::write(&state, "ours").expect("written");
    rpm(&["--upgrade", &file(new, NEW)]);
    assert_eq!((text(&config), text(&lock)), (own, text(&new.join("lanner.lock"))));
    rpm(&["--erase", "lanner"]);
    assert!(state.exists() && at("etc/lanner/lanner.toml.rpmsave").exists());
    for gone in
        ["usr/bin/lanner", "etc/lanner/lanner.lock", "etc/lanner/conf.d", "usr/share/lanner", "usr/share/doc/lanner"]
    {
        assert!(!at(gone).exists(), "{gone} is still there");
    }
}

#[test]
fn a_package_is_installed_finds_is_upgraded_and_removed() {
    require_kernel!();
    let Some(debian) = Debian::new() else { return };
    let maker = Maker::new();
    let old = maker.make("old", OLD, &["credential-access"]);
    let new = maker.make("new", NEW, &["credential-access", "discovery"]);
    let deb = |folder: &Path, begins: &str| {
        let is = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(begins) && name.ends_with(".deb")
        };
        fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).find(is).expect("a package")
    };
    let (lanner, lock, config) = ("/usr/bin/lanner", "/etc/lanner/lanner.lock", "/etc/lanner/lanner.toml");

    // Installed, and a finding.
    let began = Instant::now();
    debian.install(&deb(&old, "lanner_"));
    let enabled = "/etc/systemd/system/multi-user.target.wants/lanner.service";
    assert!(debian.at(enabled).symlink_metadata().is_ok(), "the service is enabled");
    let service = debian.serve();
    let seen = || {
        said(Command::new("cat").arg("/etc/shadow"));
        debian.has_found()
    };
    service.wait("finding", seen);
    println!("installed, started and found within {:.1?}", began.elapsed());
    assert!(service.said().contains("trusted by the entry for \"lanner.invalid\""), "{}", service.said());
    service.stop();
    assert!(text(&debian.at("/var/log/lanner/findings.json")).contains(RULE));
    let pages = debian.at("/usr/share/man/man1");
    assert!(gunzip(&pages.join("lanner-run.1.gz")).contains("\\-\\-self\\-test"));
    assert!(pages.join("lanner-findings-list.1.gz").exists());
    let completes = "source /usr/share/bash-completion/completions/lanner && complete -p lanner";
    assert!(debian.says(&["bash", "-c", completes]).contains("_lanner"));
    assert!(!text(&debian.at("/usr/share/bash-completion/completions/lanner")).contains("self-test-actor"));

    // A lock file that nobody changed becomes that of the new version, and what is the package's own is new.
    fs::write(debian.at("/usr/lib/systemd/system/lanner.service"), "old").expect("written");
    let own = format!("{}\n# Ours\n", text(&debian.at(config)));
    fs::write(debian.at(config), &own).expect("written");
    fs::write(debian.at("/etc/lanner/conf.d/ours.toml"), "labels.site = \"ours\"\n").expect("written");
    let before = debian.findings();
    debian.install(&deb(&new, "lanner_"));
    assert!(debian.says(&["dpkg-query", "--show", "--showformat", "${Version}", "lanner"]) == NEW);
    assert_eq!(text(&debian.at(lock)), text(&new.join("lanner.lock")));
    assert!(text(&debian.at("/usr/lib/systemd/system/lanner.service")).contains("ExecStart="));
    assert_eq!(text(&debian.at(config)), own);
    assert_eq!(debian.findings(), before);
    let service = debian.serve();
    assert!(
        service.said().contains("conf.d/ours.toml") && service.said().contains("with 2 packs"),
        "{}",
        service.said()
    );
    service.stop();

    // One that was changed stays, and so does the store with what it pins.
    debian.install(&deb(&old, "lanner_"));
    let pinned = format!("{}\n# Ours\n", text(&debian.at(lock)));
    assert!(!pinned.contains("discovery"), "{pinned}");
    fs::write(debian.at(lock), &pinned).expect("written");
    debian.install(&deb(&new, "lanner_"));
    assert_eq!(text(&debian.at(lock)), pinned);
    let service = debian.serve();
    assert!(service.said().contains("with 1 pack"), "{}", service.said());
    service.stop();
    assert!(debian.has_found());

    upgraded_by_rpm(&old, &new);

    // The registry beside it.
    debian.install(&deb(&new, "lanner-registry_"));
    debian.says(&["lanner-registry", "check"]);
    debian.says(&["dpkg", "--purge", "lanner-registry"]);
    assert!(!debian.at("/etc/lanner-registry").exists());

    // Removed: what was set and found stays. Purged: only what somebody else put there does.
    debian.says(&["dpkg", "--remove", "lanner"]);
    assert!(!debian.at(lanner).exists());
    for kept in
        [config, lock, "/etc/lanner/trust.toml", "/var/lib/lanner/findings.db", "/var/lib/lanner/store/index.json"]
    {
        assert!(debian.at(kept).exists(), "{kept} is gone");
    }
    debian.says(&["dpkg", "--purge", "lanner"]);
    for gone in
        [config, lock, "/etc/lanner/trust.toml", "/var/lib/lanner", "/var/cache/lanner", "/var/log/lanner", enabled]
    {
        assert!(debian.at(gone).symlink_metadata().is_err(), "{gone} is still there");
    }
    assert!(debian.at("/etc/lanner/conf.d/ours.toml").exists());
}
