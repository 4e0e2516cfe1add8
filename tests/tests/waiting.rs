//! A host that is started before its rules are there, and registries that do not answer.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lanner_tests::registry::{Client, Kind, Registry, finish};
use lanner_tests::{Lanner, require_kernel, run, signal, test_pack};
use rustix::process::Signal;

#[test]
fn rules_that_are_not_there_yet_are_waited_for() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let (deep, empty, file) =
        (folder.path().join("a/b/rules"), folder.path().join("empty"), folder.path().join("c/losses.wasm"));
    fs::create_dir(&empty).expect("a folder");
    let lanner = Lanner::watch(&[&deep, &empty, &file], &["--wait-for-rules"]);
    lanner.wait_for_stderr("with 0 packs, 0 rules");
    for path in [&deep, &file] {
        lanner.wait_for_stderr(&format!("there are no rules at {} yet: they are waited for", path.display()));
    }
    fs::create_dir_all(&deep).expect("folders");
    fs::copy(test_pack("counter-1"), deep.join("counter.wasm")).expect("a pack");
    lanner.wait_for_stderr("pack counter 1.0.0 with 1 rules: new");
    fs::copy(test_pack("one-rule"), empty.join("one.wasm")).expect("a pack");
    lanner.wait_for_stderr("pack one-rule 1.0.0 with 1 rules: new");
    fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    fs::copy(test_pack("losses"), &file).expect("a pack");
    lanner.wait_for_stderr("pack losses 1.0.0 with 1 rules: new");
    // They judge, and are reloaded as any other.
    let marked = folder.path().join("lanner-count-me");
    fs::write(&marked, "").expect("a marked file");
    lanner.wait_for_finding("the opened file", |finding| {
        finding["message"].as_str().is_some_and(|message| message.ends_with(marked.to_str().expect("UTF-8")))
    });
    fs::copy(test_pack("counter-2"), deep.join("aside")).expect("a pack");
    fs::rename(deep.join("aside"), deep.join("counter.wasm")).expect("in place");
    lanner.wait_for_stderr("pack counter 2.0.0 with 1 rules: reloaded");
    assert!(lanner.stop().status.success());
}

#[test]
fn a_pack_that_is_refused_does_not_keep_the_others_from_running() {
    require_kernel!();
    let rules = tempfile::tempdir().expect("a folder");
    let broken = rules.path().join("broken.wasm");
    fs::write(&broken, "no pack").expect("written");
    fs::copy(test_pack("counter-1"), rules.path().join("counter.wasm")).expect("a pack");
    // Where that is not asked for, it is an error.
    let ended = run(["run".as_ref(), "--for".as_ref(), "1s".as_ref(), "--rules".as_ref(), rules.path().as_os_str()]);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    let lanner = Lanner::watch(&[rules.path()], &["--wait-for-rules"]);
    lanner.wait_for_stderr("with 1 pack, 1 rule");
    lanner.wait_for_stderr("is not a WebAssembly component");
    fs::copy(test_pack("losses"), rules.path().join("aside")).expect("a pack");
    fs::rename(rules.path().join("aside"), &broken).expect("in place");
    lanner.wait_for_stderr("pack losses 1.0.0 with 1 rules: new");
    let ended = lanner.stop();
    assert_eq!(ended.stderr.matches("is not a WebAssembly component").count(), 1, "{}", ended.stderr);
}

/// Takes connections at this address, and never answers. Counts them.
struct Silent(Arc<AtomicUsize>);

impl Silent {
    fn at(address: &str) -> Self {
        let listener = TcpListener::bind(address).expect("the registry's address is free");
        let count = Arc::<AtomicUsize>::default();
        let counted = count.clone();
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for connection in listener.incoming() {
                held.push(connection);
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self(count)
    }

    fn connections(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

#[test]
fn a_registry_that_never_answers_holds_up_nothing() {
    require_kernel!();
    let (mut registry, client) = (Registry::start(Kind::Ours), Client::default());
    client.key("release");
    client.trust(registry.address(), "release");
    let names: Vec<String> = ["counter-1", "losses", "one-rule"]
        .map(|pack| {
            let name = registry.reference(&format!("team/{pack}:1"));
            client.pack(["push", test_pack(pack).to_str().expect("UTF-8"), &name, "--sign", "release.key"]).ok();
            name
        })
        .into();
    let rules: Vec<&Path> = names.iter().map(Path::new).collect();
    let (trust, store) = (client.file("trust.toml"), client.file("store"));
    let more = ["--trust", trust.to_str().expect("UTF-8"), "--store", store.to_str().expect("UTF-8")];
    let first = Lanner::watch(&rules[..2], &more);
    let ended = first.stop();
    assert!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
    registry.kill();
    let silent = Silent::at(registry.address());
    // It watches with what was accepted, and asks afterwards: one verdict for both packs.
    let lanner = Lanner::watch(&rules[..2], &more);
    assert!(!lanner.stderr().contains("cannot be reached"), "{}", lanner.stderr());
    lanner.wait_for_stderr("what runs goes on, and it is tried again");
    assert_eq!(silent.connections(), 1, "it was asked once");
    let ended = lanner.stop();
    assert_eq!(ended.stderr.matches("cannot be reached").count(), 1, "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("from the store, as it was accepted before").count(), 2, "{}", ended.stderr);
    // Nor is it asked again for each pack that is not there.
    let mut command = client.command(["run", "--for", "1s"]);
    for name in &names {
        command.args(["--rules", name]);
    }
    command.args(more);
    let before = silent.connections();
    let said = finish(command);
    assert!(!said.done && said.stderr.contains("the store has nothing that was accepted as"), "{}", said.stderr);
    assert_eq!(silent.connections(), before + 1);
}

/// Nor are the packs that are there kept waiting for one that is not.
#[test]
fn what_is_there_runs_while_a_registry_is_silent() {
    require_kernel!();
    let client = Client::default();
    client.key("release");
    let address = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").to_string();
    client.trust(&address, "release");
    let silent = Silent::at(&address);
    let name = format!("oci://{address}/team/counter:1");
    let (trust, store) = (client.file("trust.toml"), client.file("store"));
    let more =
        ["--trust", trust.to_str().expect("UTF-8"), "--store", store.to_str().expect("UTF-8"), "--wait-for-rules"];
    let lanner = Lanner::watch(&[&test_pack("losses"), Path::new(&name)], &more);
    lanner.wait_for_stderr("with 1 pack");
    lanner.wait("question to the registry", || silent.connections() > 0);
    assert!(!lanner.stderr().contains("cannot be reached"), "{}", lanner.stderr());
    assert!(lanner.stop().status.success());
}

#[test]
fn a_pack_that_is_not_pushed_yet_is_waited_for() {
    require_kernel!();
    let (registry, client) = (Registry::start(Kind::Ours), Client::default());
    client.key("release");
    client.trust(registry.address(), "release");
    let name = registry.reference("team/counter:1");
    let (trust, store) = (client.file("trust.toml"), client.file("store"));
    let more =
        ["--trust", trust.to_str().expect("UTF-8"), "--store", store.to_str().expect("UTF-8"), "--wait-for-rules"];
    let lanner = Lanner::watch(&[Path::new(&name)], &more);
    lanner.wait_for_stderr("it is not loaded");
    client.pack(["push", test_pack("counter-1").to_str().expect("UTF-8"), &name, "--sign", "release.key"]).ok();
    signal(lanner.pid(), Signal::HUP);
    lanner.wait_for_stderr("pack counter 1.0.0 with 1 rules: new");
    assert!(lanner.stop().status.success());
}
