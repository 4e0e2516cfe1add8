//! Packs through registries: ours and Debian's, our client and others.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use lanner_pack::artifact::{Descriptor, MANIFEST_MEDIA_TYPE};
use lanner_pack::reference::Repository;
use lanner_pack::remote::{Access, Remote};
use lanner_tests::registry::{Client, Kind, Liar, Registry, finish};
use lanner_tests::test_pack;

fn each(test: impl Fn(&mut Registry, &Client)) {
    for kind in [Kind::Docker, Kind::Ours] {
        println!("{kind:?}");
        test(&mut Registry::start(kind), &Client::default());
    }
}

#[test]
fn what_is_pushed_is_pulled() {
    each(|registry, client| {
        let name = registry.reference("team/counter:1");
        let pack = test_pack("counter-1");
        let pushed = client.json(["push", pack.to_str().unwrap(), &name, "--tag", "1.0"]);
        assert_eq!((&pushed["name"], &pushed["version"]), (&"counter".into(), &"1.0.0".into()));
        assert_eq!(pushed["tags"], serde_json::json!(["1", "1.0"]));
        let immutable = pushed["reference"].as_str().unwrap();
        for name in [&name, immutable, &registry.reference("team/counter:1.0")] {
            let file = client.file("pulled.wasm");
            let pulled = client.json(["pull", name, "-o", file.to_str().unwrap()]);
            assert_eq!(pulled["digest"], pushed["digest"]);
            assert_eq!(fs::read(&file).unwrap(), fs::read(&pack).unwrap());
        }
        let tags = client.pack(["list", &registry.reference("team/counter")]).ok();
        assert_eq!(tags.lines().collect::<Vec<_>>(), ["1", "1.0"]);
        assert!(client.pack(["list"]).ok().contains("counter  1.0.0"));
    });
}

#[test]
fn a_digest_can_be_reproduced() {
    let registry = Registry::start(Kind::Docker);
    let client = Client::default();
    let push = |name: &str, epoch: Option<&str>| {
        let mut command = client.command(["pack", "--output", "json", "push"]);
        command.arg(test_pack("counter-1")).arg(registry.reference(name));
        command.envs(epoch.map(|epoch| ("SOURCE_DATE_EPOCH", epoch)));
        serde_json::from_str::<serde_json::Value>(&finish(command).ok()).unwrap()["digest"].clone()
    };
    assert_eq!(push("a:1", None), push("b:1", None));
    assert_eq!(push("a:2", Some("1700000000")), push("b:2", Some("1700000000")));
    assert_ne!(push("a:1", None), push("a:2", Some("1700000000")));
}

#[test]
fn what_is_no_pack_is_not_pushed() {
    let client = Client::default();
    fs::write(client.file("x.wasm"), "nothing").unwrap();
    // Refused before anything is sent: nobody listens there.
    client.pack(["push", "x.wasm", "oci://127.0.0.1:1/a:1"]).refused("is not a WebAssembly component");
    let pack = test_pack("counter-1");
    let pack = pack.to_str().unwrap();
    client.pack(["push", pack, "oci://127.0.0.1:1/a:1"]).refused("cannot be reached");
    client.pack(["pull", "oci://127.0.0.1:1/a:1"]).refused("nothing that was accepted");
}

#[test]
fn signatures_go_along() {
    each(|registry, client| {
        let key = client.key("release");
        let key = key.to_str().unwrap();
        let from = registry.reference("a/counter:1");
        let pack = test_pack("counter-1");
        client.pack(["push", pack.to_str().unwrap(), &from, "--sign", key]).ok();
        client.key("second");
        client.pack(["sign", &from, "--key", "second.key"]).ok();
        client.pack(["copy", &from, &registry.reference("b/counter:2")]).ok();
        client.pack(["save", &from, "-o", "packs.tar"]).ok();
        client.pack(["load", "packs.tar", &registry.reference("c/counter:3")]).ok();
        for to in [&from, &registry.reference("b/counter:2"), &registry.reference("c/counter:3")] {
            for key in ["release.pub", "second.pub"] {
                client.pack(["verify", to, "--key", key]).ok();
            }
        }
        client.trust(registry.address(), "second");
        let inspected = client.json(["inspect", &from, "--trust", "trust.toml"]);
        assert_eq!((&inspected["signatures"], &inspected["trusted"]), (&2.into(), &true.into()));
        assert_eq!(inspected["rules"][0]["id"], "test/count");
        // A machine without a network: what it loaded is verified by what it loaded.
        let alone = Client::default();
        for file in ["packs.tar", "trust.toml", "second.pub"] {
            fs::copy(client.file(file), alone.file(file)).unwrap();
        }
        alone.pack(["load", "packs.tar"]).ok();
        registry.kill();
        let inspected = alone.json(["inspect", &from, "--trust", "trust.toml"]);
        assert_eq!(inspected["trusted"], true);
    });
}

/// What others attach to a pack may be large: it stands in nobody's way.
#[test]
fn a_large_bill_of_materials_is_left_out() {
    each(|registry, client| {
        client.key("release");
        client.trust(registry.address(), "release");
        let name = registry.reference("team/counter:1");
        let pack = test_pack("counter-1");
        let pushed = client.json(["push", pack.to_str().unwrap(), &name, "--sign", "release.key"]);
        let remote = Remote::with_credential(registry.address(), &Access::default(), None).expect("a client");
        let repository: Repository = registry.reference("team/counter").parse().expect("a name");
        let (bill, config) = (vec![b'x'; 5 << 20], b"{}".to_vec());
        remote.push_blob(&repository, &bill).expect("pushed");
        remote.push_blob(&repository, &config).expect("pushed");
        let subject = remote.resolve(&name.parse().expect("a name"), None).expect("it is there").digest;
        let subject_size = remote.manifest(&repository, subject).expect("it is there").len();
        let manifest = serde_json::json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST_MEDIA_TYPE,
            "artifactType": "application/spdx+json",
            "config": Descriptor::of("application/vnd.oci.empty.v1+json", &config),
            "layers": [Descriptor::of("application/spdx+json", &bill)],
            "subject": { "mediaType": MANIFEST_MEDIA_TYPE, "digest": pushed["digest"], "size": subject_size },
        });
        remote.push_referrer(&repository, manifest.to_string().as_bytes()).expect("pushed");
        client.pack(["pull", &name, "-o", "pulled.wasm", "--trust", "trust.toml"]).ok();
        let saved = client.pack(["save", &name, "-o", "packs.tar"]);
        assert!(saved.stderr.contains("application/spdx+json that refers to"), "{}", saved.stderr);
        assert!(saved.done);
        let alone = Client::default();
        for file in ["packs.tar", "trust.toml", "release.pub"] {
            fs::copy(client.file(file), alone.file(file)).unwrap();
        }
        alone.pack(["load", "packs.tar"]).ok();
        registry.kill();
        assert_eq!(alone.json(["inspect", &name, "--trust", "trust.toml"])["trusted"], true);
    });
}

#[test]
fn others_take_what_is_pushed() {
    each(|registry, client| {
        let name = registry.reference("team/counter:1");
        let pack = test_pack("counter-1");
        let pushed = client.json(["push", pack.to_str().unwrap(), &name]);
        let docker = name.replace("oci://", "docker://");
        let skopeo = |arguments: &[&str]| {
            let mut command = Command::new("skopeo");
            command.args(arguments);
            finish(command).ok()
        };
        let manifest = skopeo(&["inspect", "--raw", "--tls-verify=false", &docker]);
        assert!(manifest.contains("dev.lanner.pack.description"), "{manifest}");
        let copy = format!("docker://{}/copied/counter:7", registry.address());
        skopeo(&["copy", "--src-tls-verify=false", "--dest-tls-verify=false", &docker, &copy]);
        let copied = client.json(["pull", &registry.reference("copied/counter:7")]);
        assert_eq!(copied["digest"], pushed["digest"]);
        // PyPI's oras gives the file as it was.
        let mut oras = Command::new("python3");
        oras.args(["-c", "import sys, oras.client; oras.client.OrasClient(insecure=True).pull(target=sys.argv[1], outdir=sys.argv[2])"]);
        oras.arg(name.trim_start_matches("oci://")).arg(client.file("oras"));
        finish(oras).ok();
        assert_eq!(fs::read(client.file("oras/counter.wasm")).unwrap(), fs::read(&pack).unwrap());
    });
}

#[test]
fn two_pull_into_one_store_at_once() {
    let registry = Registry::start(Kind::Ours);
    let client = Client::default();
    for (pack, tag) in [("counter-1", "1"), ("counter-2", "2")] {
        client.pack(["push", test_pack(pack).to_str().unwrap(), &registry.reference(&format!("c:{tag}"))]).ok();
    }
    let started: Vec<_> = (0..8)
        .map(|number| {
            let name = registry.reference(&format!("c:{}", number % 2 + 1));
            client.command(["pack", "pull", &name]).stderr(std::process::Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in started {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let listed = client.pack(["list"]).ok();
    assert!(listed.contains("c:1") && listed.contains("c:2"), "{listed}");
    let half = fs::read_dir(client.file("store/blobs/sha256")).unwrap();
    let half = half.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'));
    assert_eq!(half.count(), 0, "nothing is left half-written");
}

#[test]
fn a_registry_is_searched() {
    let client = Client::default();
    let theirs = Registry::start(Kind::Docker);
    client.pack(["search", "--registry", theirs.address(), "counter"]).refused("no search for packs");

    let ours = Registry::start_for(Kind::Ours, "ann", "right");
    let search = |word: &str| client.pack(["search", "--registry", ours.address(), word]);
    assert!(search("counter").ok().contains("has no such pack"));
    fs::write(client.file("password"), "right").unwrap();
    let mut login = client.command(["pack", "login", ours.address(), "-u", "ann", "--password-stdin"]);
    login.stdin(fs::File::open(client.file("password")).unwrap());
    finish(login).ok();
    client.pack(["push", test_pack("counter-1").to_str().unwrap(), &ours.reference("team/counting:1")]).ok();
    let said = search("count").ok();
    assert!(said.contains(&format!("oci://{}/team/counting", ours.address())), "{said}");
    assert!(search("nothing-like-it").ok().contains("has no such pack"));

    let liar = Liar::default();
    let found = r#"{"packs":[{"repository":"team/linux","name":"linux","latest":{"version":"1.2.0","summary":"What\u001b[2J it is"}}]}"#;
    liar.say_at("/api/v1/packs", "application/json", found);
    let arguments = ["search", "--registry", liar.address(), "cred entials", "--attack", "T1003", "--event", "open"];
    let said = client.pack(arguments).ok();
    let address = liar.address();
    assert!(said.contains(&format!("linux  1.2.0    oci://{address}/team/linux")), "{said}");
    assert!(!said.contains('\u{1b}'), "what others say gives the terminal no orders");
    assert_eq!(liar.asked(), ["GET /api/v1/packs?q=cred+entials&attack=T1003&event=open"]);
}

#[test]
fn logins_are_kept_where_docker_keeps_them() {
    // Debian's asks for the password, ours gives tokens.
    for kind in [Kind::Docker, Kind::Ours] {
        log_in_and_out(&Registry::start_for(kind, "ann", "right"));
    }
}

fn log_in_and_out(registry: &Registry) {
    let client = Client::default();
    let name = registry.reference("a:1");
    let pack = test_pack("counter-1");
    let push = || client.pack(["push", pack.to_str().unwrap(), &name]);
    push().refused("log in with `lanner pack login");
    let login = |password: &str| {
        fs::write(client.file("password"), password).unwrap();
        let mut command = client.command(["pack", "login", registry.address(), "-u", "ann", "--password-stdin"]);
        command.stdin(fs::File::open(client.file("password")).unwrap());
        finish(command)
    };
    login("wrong\n").refused("does not take this name with this password");
    assert!(!client.file("docker/config.json").exists(), "what does not work is not kept");
    login("right\n").ok();
    let mode = fs::metadata(client.file("docker/config.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    push().ok();
    client.pack(["pull", &name]).ok();
    // Docker's own way to read it.
    let mut skopeo = Command::new("skopeo");
    let docker = name.replace("oci://", "docker://");
    skopeo
        .args(["inspect", "--raw", "--tls-verify=false", "--authfile"])
        .arg(client.file("docker/config.json"))
        .arg(docker);
    finish(skopeo).ok();
    client.pack(["logout", registry.address()]).ok();
    push().refused("log in with");
}

#[test]
fn a_credential_helper_keeps_the_password() {
    let registry = Registry::start_for(Kind::Docker, "ann", "right");
    let client = Client::default();
    let (bin, kept) = (client.file("bin"), client.file("kept"));
    fs::create_dir_all(&bin).unwrap();
    fs::create_dir_all(client.file("docker")).unwrap();
    fs::write(client.file("docker/config.json"), r#"{"credsStore":"test","other":1}"#).unwrap();
    let helper = bin.join("docker-credential-test");
    let script = format!(
        "#!/bin/sh\ncase $1 in\nstore) cat > {kept} ;;\nget) cat > /dev/null; test -e {kept} && cat {kept} || {{ echo credentials not found in native keychain; exit 1; }} ;;\nerase) cat > /dev/null; rm {kept} ;;\nesac\n",
        kept = kept.display()
    );
    lanner_tests::write_program(&helper, &script);
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let run = |arguments: &[&str]| {
        fs::write(client.file("password"), "right").unwrap();
        let mut command = client.command(arguments);
        command.env("PATH", &path).stdin(fs::File::open(client.file("password")).unwrap());
        finish(command)
    };
    run(&["pack", "login", registry.address(), "-u", "ann", "--password-stdin"]).ok();
    let config = fs::read_to_string(client.file("docker/config.json")).unwrap();
    assert!(!config.contains("cmlnaHQ") && !config.contains("auth\"") && config.contains("other"), "{config}");
    let pack = test_pack("counter-1");
    run(&["pack", "push", pack.to_str().unwrap(), &registry.reference("a:1")]).ok();
    run(&["pack", "logout", registry.address()]).ok();
    assert!(!kept.exists());
    run(&["pack", "push", pack.to_str().unwrap(), &registry.reference("a:1")]).refused("log in with");
}
