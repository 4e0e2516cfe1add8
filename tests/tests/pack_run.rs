//! A host that takes its packs from a registry.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use lanner_tests::registry::{Client, Kind, Registry, finish};
use lanner_tests::{Lanner, PATIENCE, require_kernel, signal, test_pack};
use rustix::process::Signal;
use serde_json::Value;

const NAME: &str = "team/counter:1";

struct Scene {
    registry: Registry,
    client: Client,
}

impl Scene {
    fn new(kind: Kind) -> Self {
        let (registry, client) = (Registry::start(kind), Client::default());
        client.key("release");
        client.trust(registry.address(), "release");
        let scene = Self { registry, client };
        scene.push("counter-1");
        scene
    }

    fn name(&self) -> String {
        self.registry.reference(NAME)
    }

    fn push(&self, pack: &str) {
        self.client.pack(["push", test_pack(pack).to_str().unwrap(), &self.name(), "--sign", "release.key"]).ok();
    }

    /// A host that runs it.
    fn host(&self, more: &[&str]) -> Lanner {
        let (trust, store) = (self.client.file("trust.toml"), self.client.file("store"));
        let mut arguments = vec!["--trust", trust.to_str().unwrap(), "--store", store.to_str().unwrap()];
        arguments.extend(more);
        Lanner::watch(&[Path::new(&self.name())], &arguments)
    }
}

/// The numbers that the counter said of files in this folder, with the version that said them.
fn counted(findings: &[Value], folder: &Path) -> Vec<(u64, String)> {
    let of = |finding: &Value| {
        let (number, path) = finding["message"].as_str()?.split_once(' ')?;
        let version = finding["fields"]["version"].as_str()?.to_owned();
        path.starts_with(folder.to_str()?).then(|| (number.parse().expect("a number"), version))
    };
    findings.iter().filter_map(of).collect()
}

fn open(folder: &Path, times: usize) {
    let file = folder.join("lanner-count-me");
    for _ in 0..times {
        fs::OpenOptions::new().append(true).create(true).open(&file).expect("the marked file opens");
    }
}

/// How often a text stands in what the host said.
fn said(lanner: &Lanner, text: &str) -> usize {
    lanner.stderr().matches(text).count()
}

#[test]
fn a_new_version_is_followed_and_no_event_is_lost() {
    require_kernel!();
    for kind in [Kind::Docker, Kind::Ours] {
        let mut scene = Scene::new(kind);
        let folder = tempfile::tempdir().expect("a folder");
        let lanner = scene.host(&["--follow", "1s"]);
        open(folder.path(), 10);
        scene.push("counter-2");
        let end = Instant::now() + PATIENCE;
        let mut opened = 10;
        while said(&lanner, "pack counter 2.0.0 with 1 rules: reloaded") == 0 {
            assert!(Instant::now() < end, "it is not followed: {}", lanner.stderr());
            open(folder.path(), 10);
            opened += 10;
            std::thread::sleep(Duration::from_millis(50));
        }
        open(folder.path(), 10);
        opened += 10;
        // The registry goes, and comes back: one line each, and the host goes on.
        scene.registry.kill();
        lanner.wait_for_stderr("what runs goes on");
        open(folder.path(), 10);
        opened += 10;
        std::thread::sleep(Duration::from_secs(3));
        assert_eq!(said(&lanner, "cannot be reached"), 1, "{}", lanner.stderr());
        scene.registry.resume();
        lanner.wait_for_stderr("is back");
        let ended = lanner.stop();
        assert!(ended.stderr.contains(" 0 events lost"), "{}", ended.stderr);
        let counted = counted(&ended.findings(), folder.path());
        let numbers: Vec<u64> = counted.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (1..=opened).collect::<Vec<u64>>(), "each open once, in order, through the reload");
        for version in ["1.0.0", "2.0.0"] {
            assert!(counted.iter().any(|(_, by)| by == version), "version {version} judged some of them");
        }
    }
}

#[test]
fn a_host_starts_from_its_store_without_the_registry() {
    require_kernel!();
    let mut scene = Scene::new(Kind::Docker);
    drop(scene.host(&[]));
    scene.registry.kill();
    let folder = tempfile::tempdir().expect("a folder");
    let lanner = scene.host(&[]);
    assert_eq!(said(&lanner, "signed by key"), 1, "verified anew: {}", lanner.stderr());
    lanner.wait_for_stderr("what runs goes on");
    open(folder.path(), 1);
    lanner.wait_for_finding("the opened file", |finding| {
        counted(std::slice::from_ref(finding), folder.path()).len() == 1
    });
    drop(lanner);
    // Trust that was taken away counts without the registry too.
    scene.client.key("other");
    scene.client.trust(scene.registry.address(), "other");
    let (trust, store) = (scene.client.file("trust.toml"), scene.client.file("store"));
    let mut command = scene.client.command(["run", "--for", "1s", "--rules", &scene.name(), "--trust"]);
    command.arg(trust).arg("--store").arg(store);
    finish(command).refused("by another key");
}

#[test]
fn what_is_not_signed_is_not_followed() {
    require_kernel!();
    let scene = Scene::new(Kind::Ours);
    let lanner = scene.host(&["--follow", "1s"]);
    scene.client.pack(["push", test_pack("counter-2").to_str().unwrap(), &scene.name()]).ok();
    lanner.wait_for_stderr("is not signed");
    lanner.wait_for_stderr("the version before goes on");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(said(&lanner, "is not signed"), 1, "it is said once: {}", lanner.stderr());
    // A signature that comes later is enough.
    scene.client.pack(["sign", &scene.name(), "--key", "release.key"]).ok();
    lanner.wait_for_stderr("pack counter 2.0.0 with 1 rules: reloaded");
    // And an older one does not come back, though it is signed.
    scene.push("counter-1");
    lanner.wait_for_stderr("older than 2.0.0");
    let ended = lanner.stop();
    assert!(!ended.stderr.contains("pack counter 1.0.0"), "{}", ended.stderr);
}

#[test]
fn a_lock_file_says_which() {
    require_kernel!();
    let scene = Scene::new(Kind::Ours);
    let lock = scene.client.file("lanner.lock");
    scene.client.pack(["update", &scene.name(), "--trust", "trust.toml"]).ok();
    scene.push("counter-2");
    let lock_text = lock.to_str().unwrap().to_owned();
    let lanner = scene.host(&["--lock", &lock_text, "--locked"]);
    assert_eq!(said(&lanner, "version 1.0.0"), 1, "{}", lanner.stderr());
    drop(lanner);
    let shown = scene.client.pack(["update", "--trust", "trust.toml", "--dry-run"]).ok();
    assert!(shown.contains("1.0.0 → 2.0.0"), "{shown}");
    scene.client.pack(["update", "--trust", "trust.toml"]).ok();
    assert_eq!(said(&scene.host(&["--lock", &lock_text]), "version 2.0.0"), 1);
    let mut command = scene.client.command(["run", "--locked", "--rules", &scene.registry.reference("team/other:1")]);
    command.args(["--trust", "trust.toml", "--lock", "lanner.lock"]);
    let said = finish(command);
    assert!(!said.done && said.stderr.contains("is not in the lock file"), "{}", said.stderr);
    // What lies where it is started has no say.
    let rules = scene.name();
    let run = |more: &[&str]| {
        let mut command = scene.client.command(["run", "--for", "1s", "--rules", &rules, "--trust", "trust.toml"]);
        command.args(more);
        finish(command)
    };
    fs::write(&lock, "nonsense").expect("written");
    assert!(run(&[]).done);
    // What is written there of a pack is to be so, and nobody else may have written it.
    scene.client.pack(["update", "--lock", "other.lock", &scene.name(), "--trust", "trust.toml"]).ok();
    let other = scene.client.file("other.lock");
    let text = fs::read_to_string(&other).expect("the lock");
    fs::write(&other, text.replace("2.0.0", "9.0.0")).expect("written");
    let said = run(&["--lock", "other.lock"]);
    assert!(!said.done && said.stderr.contains("is counter 9.0.0, and it is counter 2.0.0"), "{}", said.stderr);
    fs::set_permissions(&other, fs::Permissions::from_mode(0o666)).expect("for everyone");
    run(&["--lock", "other.lock"]).refused("chmod go-w");
}

#[test]
fn what_is_pinned_comes_from_an_archive() {
    require_kernel!();
    let client = Client::default();
    client.key("release");
    // Nobody can be asked there.
    client.trust("lanner.invalid/team", "release");
    let [counter, one] = ["counter-1", "one-rule"].map(test_pack);
    let saved = |more: &[&str]| {
        let files = [counter.to_str().unwrap(), one.to_str().unwrap(), "--to", "packs.tar", "--lock", "lanner.lock"];
        client.pack([&["save"], &files[..], more].concat())
    };
    saved(&[]).refused("has no name in a registry; say below which it is to be, with --under");
    saved(&["--under", "lanner.invalid/te am"]).refused("does not name a pack");
    saved(&["--under", "lanner.invalid/team"]).ok();
    let options = ["trust.toml", "lanner.lock", "packs.tar", "store"].map(|name| client.file(name));
    let [trust, lock, archive, store] = options.each_ref().map(|path| path.to_str().unwrap());
    let run = |more: &[&str]| {
        let mut command = client.command(["run", "--for", "1s", "--trust", trust, "--lock", lock, "--store", store]);
        command.args(more);
        finish(command)
    };
    let refused = |archive: &str, why: &str| {
        let said = run(&["--archive", archive]);
        assert!(!said.done && said.stderr.contains(why), "{}", said.stderr);
    };
    refused(archive, "is not signed");
    saved(&["--under", "lanner.invalid/team", "--sign", "release.key"]).ok();
    refused("none.tar", "the archive of packs none.tar cannot be read");
    assert!(run(&["--archive", archive]).done, "signatures are taken though the store has the pack");
    assert!(run(&[]).done, "what the store has by then is enough");
    let without = run(&["--archive", "none.tar"]);
    assert!(without.done && without.stderr.contains("the store has all that is pinned"), "{}", without.stderr);
    // What is no lock file is not written over, and nothing else is written then.
    let (other, unwritten) = (client.file("precious.toml"), client.file("other.tar"));
    fs::write(&other, "precious = 1\n").expect("written");
    let [other, unwritten] = [&other, &unwritten].map(|path| path.to_str().unwrap());
    let save = |to: &str, lock: &str| {
        let counter = counter.to_str().unwrap();
        client.pack(["save", counter, "--under", "lanner.invalid/team", "--to", to, "--lock", lock])
    };
    save(unwritten, other).refused("is there already, and is no lock file");
    save(unwritten, unwritten).refused("are to be one file");
    assert_eq!(fs::read_to_string(other).expect("it is there"), "precious = 1\n");
    assert!(!Path::new(unwritten).exists());
    // Beside it runs what is named.
    let rules = test_pack("losses");
    let host = Lanner::watch(&[&rules], &["--trust", trust, "--lock", lock, "--store", store, "--archive", archive]);
    assert!(host.stderr().contains("with 1 pack,"), "{}", host.stderr());
    drop(host);
    let more = ["--trust", trust, "--lock", lock, "--store", store, "--archive", archive, "--pinned"];
    let host = Lanner::watch(&[&rules], &more);
    assert!(host.stderr().contains("with 3 packs,"), "{}", host.stderr());
}

#[test]
fn trust_that_is_taken_away_counts_at_once() {
    require_kernel!();
    let scene = Scene::new(Kind::Ours);
    let lanner = scene.host(&["--follow", "1s"]);
    // Nobody is trusted any more: what was accepted runs on, and nothing newer is taken.
    scene.client.policy("");
    lanner.wait_for_stderr("is not trusted any more");
    scene.push("counter-2");
    lanner.wait_for_stderr("nothing is trusted from");
    signal(lanner.pid(), Signal::USR1);
    lanner.wait_for_stderr("runs, and is not trusted any more");
    lanner.wait_for_stderr("status: pack counter 1.0.0");
    // Given back, it is taken.
    scene.client.trust(scene.registry.address(), "release");
    lanner.wait_for_stderr("pack counter 2.0.0 with 1 rules: reloaded");
    // What cannot be read stops nothing, and has nothing newer taken.
    fs::write(scene.client.file("trust.toml"), "nonsense").expect("written");
    lanner.wait_for_stderr("what runs goes on, and nothing newer is taken");
    scene.push("one-rule");
    lanner.wait_for_stderr("so nothing newer is taken");
    scene.push("counter-2");
    // What an entry does not admit any more is as what it does not trust.
    let prefix = scene.registry.address();
    scene.client.policy(&format!("[[trust]]\nprefix = \"{prefix}\"\nkeys = [\"release.pub\"]\npack = \"other\"\n"));
    lanner.wait_for_stderr("it is the pack \"counter\", and the entry for");
    // And where the policy says so, it is stopped.
    let entry = |key: &str| {
        let prefix = scene.registry.address();
        format!("on_revocation = \"stop\"\n[[trust]]\nprefix = \"{prefix}\"\nkeys = [\"{key}.pub\"]\n")
    };
    scene.client.key("other");
    scene.client.policy(&entry("other"));
    lanner.wait_for_stderr("is stopped, as it is not trusted any more");
    signal(lanner.pid(), Signal::USR1);
    lanner.wait_for_stderr("status: 0 packs, 0 rules");
    scene.client.policy(&entry("release"));
    lanner.wait_for_stderr("pack counter 2.0.0 with 1 rules: new");
    assert!(lanner.stop().status.success());
}

#[test]
fn another_pack_of_the_same_signer_does_not_take_the_place_of_one() {
    require_kernel!();
    let scene = Scene::new(Kind::Ours);
    let lanner = scene.host(&["--follow", "1s"]);
    scene.push("one-rule");
    lanner.wait_for_stderr("it is the pack one-rule now, and counter was accepted under that name before");
    lanner.wait_for_stderr("the version before goes on");
    assert!(lanner.stop().status.success());
}
