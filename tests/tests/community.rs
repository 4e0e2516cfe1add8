//! Packs by name: published with an index, found, installed, run, updated and removed.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use lanner_tests::community::{Scene, pack};
use lanner_tests::registry::{Kind, Said, finish};
use lanner_tests::{Lanner, require_kernel, root, shipped_packs, target, test_pack};
use serde_json::Value;

#[test]
fn packs_are_published_found_installed_updated_and_removed() {
    for kind in [Kind::Docker, Kind::Ours] {
        println!("{kind:?}");
        let mut scene = Scene::new(kind);
        let first = scene.packs(&[("watcher", "1.0.0"), ("early", "0.1.0-rc.1")]);
        let published = scene.publish(&first);
        assert!(published.done, "{}", published.stderr);
        // To do it again changes nothing: neither packs nor index have another digest, and nothing is signed once more.
        let again = scene.publish(&first);
        assert!(again.done && again.stderr.contains("(unchanged)"), "{}", again.stderr);
        assert_eq!(published.stderr, again.stderr.replace(" (unchanged)", ""));
        let name = scene.registry.reference("lanner/watcher");
        let tags = scene.client.pack(["list", &name]).ok();
        assert_eq!(tags.lines().collect::<Vec<_>>(), ["1", "1.0", "1.0.0", "latest"]);
        assert_eq!(scene.json(&["inspect", &name])["signatures"], 1);

        // Nothing is known before it is added.
        scene.trusting(&["search", "watcher"]).refused("lanner pack index add");
        assert_eq!(scene.json(&["index", "add", &scene.index()])["name"], "lanner");
        assert!(scene.client.pack(["index", "list"]).ok().contains("lanner  oci://"));
        let found = scene.json(&["search", "--attack", "T1003", "--rule", "watcher/"]);
        let of_it = ["name", "version", "maturity", "licence", "index"].map(|key| found[key].as_str().expect("a text"));
        assert_eq!(of_it, ["watcher", "1.0.0", "stable", "MIT", "lanner"]);
        assert_eq!(found["publisher"]["name"], "The team");
        assert!(scene.trusting(&["search", "wathcer"]).ok().contains("do you mean \"watcher\"?"));
        scene.trusting(&["search", "--index", "laner"]).refused("do you mean \"lanner\"?");

        scene.trusting(&["install", "wathcer", "--yes"]).refused("do you mean \"watcher\"?");
        scene.trusting(&["install", "watcher@1.0.1", "--yes"]).refused("it has 1.0.0");
        // Nobody is there to be asked, who would be shown this.
        let asked = scene.trusting(&["install", "watcher"]);
        for shown in ["The team", "signed by key", "watcher/one", "is shown   open", "raise findings", "MIT", "stable"]
        {
            assert!(asked.stdout.contains(shown), "{shown:?} is not in {}", asked.stdout);
        }
        asked.refused("there is no terminal to ask at");
        assert!(scene.lock().is_empty());
        let declined = at_terminal(&scene, "install watcher --trust trust.toml", "n");
        assert!(!declined.done && declined.stdout.contains("as the answer was no"), "{}", declined.stdout);
        assert!(scene.lock().is_empty());
        assert!(
            at_terminal(&scene, "install watcher --trust trust.toml", "y").ok().contains("is pinned in lanner.lock")
        );
        assert_eq!(scene.pinned(), ["watcher 1.0.0"]);
        scene.client.pack(["remove", "watcher"]).ok();
        let installed = scene.json(&["install", "watcher", "--yes"]);
        assert_eq!((&installed["installed"], &installed["from"]), (&true.into(), &Value::Null));
        assert!(installed["imports"][0].as_str().expect("an import").starts_with("lanner:pack/host@"));
        // One before its release is taken where there is no other.
        scene.trusting(&["install", "early", "-y"]).ok();
        assert_eq!(scene.pinned(), ["early 0.1.0-rc.1", "watcher 1.0.0"]);
        assert_eq!(scene.lock()["watcher"].digest.to_string(), installed["digest"].as_str().expect("a digest"));
        assert!(scene.trusting(&["outdated"]).ok().contains("all that lanner.lock pins is the newest"));

        let published = scene.publish(&scene.packs(&[("watcher", "1.1.0")]));
        assert!(published.done, "{}", published.stderr);
        let outdated = scene.trusting(&["--output", "json", "outdated"]).ok();
        let outdated: Vec<Value> = outdated.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let stands = |name: &str| outdated.iter().find(|pack| pack["name"] == name).expect("it is pinned");
        assert_eq!(
            (&stands("early")["standing"], &stands("watcher")["standing"]),
            (&"current".into(), &"outdated".into())
        );
        assert_eq!(stands("watcher")["newest"], "1.1.0");
        assert!(scene.trusting(&["outdated"]).ok().contains("lanner pack install watcher"));
        let updated = scene.trusting(&["install", "watcher", "--yes"]).ok();
        assert!(updated.contains("1.0.0 is pinned so far") && updated.contains("described as before"), "{updated}");
        assert!(
            scene.trusting(&["install", "watcher"]).ok().contains("is pinned in lanner.lock already"),
            "nothing to ask"
        );
        // An older one is taken where it is asked for, and not by itself.
        assert_eq!(scene.json(&["install", "watcher@1.0.0", "--yes"])["from"]["version"], "1.1.0");
        scene.trusting(&["install", "watcher@1.1.0", "--yes"]).ok();
        assert_eq!(scene.pinned(), ["early 0.1.0-rc.1", "watcher 1.1.0"]);

        // What was asked before serves when the registry is down, and where none is to be asked; its age is told.
        scene.registry.kill();
        let said = scene.trusting(&["search", "watcher"]);
        assert!(said.done && said.stderr.contains("is taken from the store, as it was"), "{}", said.stderr);
        let said = scene.trusting(&["search", "watcher", "--offline"]);
        assert!(said.done && said.stderr.contains("index lanner is as it was"), "{}", said.stderr);
        scene.trusting(&["install", "watcher", "--offline"]).ok();
        scene.client.pack(["prune", "--unused-for", "0s"]).ok();
        assert!(
            scene.trusting(&["search", "watcher", "--offline"]).ok().contains("watcher  1.1.0"),
            "it is not pruned"
        );
        scene.registry.resume();

        scene.client.pack(["remove", "wathcer"]).refused("do you mean \"watcher\"?");
        scene.client.pack(["remove", "watcher"]).ok();
        assert_eq!(scene.pinned(), ["early 0.1.0-rc.1"]);
        scene.client.pack(["index", "remove", "laner"]).refused("do you mean \"lanner\"?");
        scene.client.pack(["index", "remove", "lanner"]).ok();
        scene.trusting(&["outdated"]).refused("no index of packs is known");
    }
}

/// Does a verb at a terminal, where somebody answers with a line; all that is said stands in its `stdout`.
fn at_terminal(scene: &Scene, verb: &str, answer: &str) -> Said {
    let lanner = scene.client.command(["pack"]);
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--flush", "--command"]);
    command.arg(format!("{} pack {verb}", lanner.get_program().display())).arg("/dev/null");
    command.current_dir(scene.client.file(".")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, value) in lanner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let mut child = command.spawn().expect("script (Debian: bsdutils)");
    // Typed ahead: a terminal keeps it until it is read.
    let mut keyboard = child.stdin.take().expect("its stdin");
    keyboard.write_all(format!("{answer}\n").as_bytes()).expect("typed");
    let output = child.wait_with_output().expect("it ends");
    drop(keyboard);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Said { done: output.status.success(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
fn a_version_is_published_once() {
    let scene = Scene::new(Kind::Ours);
    assert!(scene.publish(&scene.packs(&[("watcher", "1.0.0")])).done);
    let other = scene.packs(&[("watcher", "1.0.0"), ("other", "1.0.0")]);
    let mut bytes = pack("watcher", "1.0.0");
    // An empty custom section: the same pack in other bytes.
    bytes.extend([0, 2, 1, b'x']);
    fs::write(other.join("watcher.wasm"), bytes).expect("written");
    let refused = scene.publish(&other);
    assert!(!refused.done && refused.stderr.contains("give the pack another version"), "{}", refused.stderr);
    // An older one, published later, is there and is not the newest.
    assert!(scene.publish(&scene.packs(&[("watcher", "0.9.0")])).done);
    scene.trusting(&["index", "add", &scene.index()]).ok();
    assert_eq!(scene.json(&["search", "watcher"])["version"], "1.0.0");
    let name = scene.registry.reference("lanner/watcher");
    assert_eq!(scene.json(&["inspect", &name])["version"], "1.0.0", "latest has not moved");
    let out = scene.client.pack(["index", "push", &scene.index(), "--sign", "release.key", "--delist", "watchr"]);
    out.refused("do you mean \"watcher\"?");
    scene.client.pack(["index", "push", &scene.index(), "--sign", "release.key", "--delist", "watcher"]).ok();
    assert!(scene.trusting(&["search"]).ok().contains("no known index has such a pack"));
    // Another's index is not gone on with.
    scene.client.key("other");
    let (index, pack) = (scene.index(), name);
    scene
        .client
        .pack(["index", "push", &index, &pack, "--sign", "other.key", "--publisher", "x"])
        .refused("is not signed by key");
    // Nor is a pack listed that nobody who trusts its publisher could install.
    let mine = scene.registry.reference("lanner/mine");
    scene
        .client
        .pack(["index", "push", &mine, &pack, "--sign", "other.key", "--publisher", "x"])
        .refused("--publisher-key");
    let listed =
        ["index", "push", &mine, &pack, "--sign", "other.key", "--publisher", "x", "--publisher-key", "release.pub"];
    assert_eq!(scene.client.json(listed)["packs"], 1);
}

#[test]
fn what_is_installed_runs_by_the_lock_file_alone() {
    require_kernel!();
    for kind in [Kind::Docker, Kind::Ours] {
        let mut scene = Scene::new(kind);
        let folder = scene.client.file("built");
        fs::create_dir(&folder).expect("a folder");
        let publish = |scene: &Scene, pack: &str| {
            fs::copy(test_pack(pack), folder.join("counter.wasm")).expect("a copy");
            let published = scene.publish(&folder);
            assert!(published.done, "{}", published.stderr);
        };
        publish(&scene, "counter-1");
        scene.trusting(&["index", "add", &scene.index()]).ok();
        scene.trusting(&["install", "counter", "--yes"]).ok();
        let run = |scene: &Scene| {
            let paths = ["trust.toml", "store", "lanner.lock"].map(|name| scene.client.file(name));
            let [trust, store, lock] = paths.each_ref().map(|path| path.to_str().expect("UTF-8"));
            Lanner::watch(&[], &["--lock", lock, "--locked", "--trust", trust, "--store", store])
        };
        let counts = |lanner: &Lanner, version: &str| {
            let marked = tempfile::tempdir().expect("a folder");
            fs::write(marked.path().join("lanner-count-me"), "").expect("written");
            let message = format!("1 {}", marked.path().join("lanner-count-me").display());
            let finding = lanner.wait_for_finding("the count", |finding| finding["message"] == message);
            assert_eq!(finding["fields"]["version"], version);
        };
        let lanner = run(&scene);
        counts(&lanner, "1.0.0");
        publish(&scene, "counter-2");
        scene.trusting(&["install", "counter", "--yes"]).ok();
        drop(lanner);
        // It is all in the store: a registry that is down is no trouble.
        scene.registry.kill();
        let lanner = run(&scene);
        counts(&lanner, "2.0.0");
        drop(lanner);
        scene.client.pack(["remove", "counter"]).ok();
        let mut command = scene.client.command(["run", "--lock", "lanner.lock", "--trust", "trust.toml"]);
        command.args(["--no-control", "--log", "error"]);
        finish(command).refused("pins no pack, so there are no rules");
    }
}

#[test]
fn what_lanner_ships_is_published_and_installed() {
    let scene = Scene::new(Kind::Ours);
    let published = scene.publish(&shipped_packs());
    assert!(published.done, "{}", published.stderr);
    scene.trusting(&["index", "add", &scene.index()]).ok();
    let found = scene.trusting(&["--output", "json", "search"]).ok();
    let mut names: Vec<String> = Vec::new();
    for line in found.lines() {
        let pack: Value = serde_json::from_str(line).expect("JSON");
        assert!(!pack["rules"].as_array().expect("rules").is_empty() && pack["maturity"] != "", "{pack}");
        names.push(pack["name"].as_str().expect("a name").to_owned());
    }
    let mut files: Vec<String> = fs::read_dir(shipped_packs())
        .expect("the packs")
        .map(|entry| entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    files.sort();
    assert_eq!(names, files);
    let installed = scene.json(&["install", "credential-access", "--yes"]);
    assert!(installed["rules"].as_array().is_some_and(|rules| rules.len() > 10) && installed["licence"] == "MIT");
}

/// Whoever builds a pack of ours from the same sources, wherever they lie, gets the bytes that were published.
#[test]
fn a_pack_is_built_alike_anywhere() {
    const PACK: &str = "impact";
    let copy = tempfile::tempdir().expect("a folder");
    let mut tar = Command::new("sh");
    tar.args([
        "-c",
        "tar -C \"$1\" --exclude=target --exclude=node_modules -cf - Cargo.toml rules-wasm sdk | tar -C \"$2\" -xf -",
        "sh",
    ]);
    let copied = tar.arg(root()).arg(copy.path()).status().expect("there is tar");
    assert!(copied.success());
    let built = copy.path().join("built");
    let mut build = Command::new(target().join("xtask"));
    // What this program takes for the tree that it belongs to.
    build.env("CARGO_MANIFEST_DIR", copy.path().join("xtask")).arg("packs");
    build.arg(copy.path().join("rules-wasm").join(PACK)).arg("--out").arg(&built);
    let said = finish(build);
    assert!(said.done, "{}", said.stderr);
    let name = format!("{PACK}.wasm");
    let (here, there) = (fs::read(shipped_packs().join(&name)), fs::read(built.join(&name)));
    assert!(here.expect("it is built") == there.expect("it is built"), "the same sources give other bytes elsewhere");
}
