//! Lists beside packs: what operators give, on a host that runs and in a replay.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use lanner_contract::{Filter, ListType};
use lanner_tests::made::{self, Calls};
use lanner_tests::registry::{Client, Kind, Registry, Said, finish};
use lanner_tests::{Ended, Lanner, binary, put, require_kernel, root, run};
use serde_json::Value;

fn lanner(arguments: &[&str]) -> Output {
    Command::new(binary()).args(arguments).env("NO_COLOR", "1").output().expect("it can be run")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A pack that raises a finding for each open of what stands in its list of paths.
fn filtering(name: &str, list: &str, entries: &[&str]) -> Vec<u8> {
    let filter = Filter::Listed("open.path".to_owned(), list.to_owned());
    let rules = vec![made::rule(&format!("test/{name}"), vec![("open", Some(filter))])];
    let description = made::description_with_lists(name, rules, vec![made::list(list, ListType::Path, entries)]);
    let raise = made::kit("(call $raise (i32.const 0) (local.get $seq))");
    made::pack(&description, &Calls { evaluate: "(call $each (local.get 0))", more: &raise, ..Calls::default() })
}

/// One that takes all opens and raises a finding for each, as long as its list of numbers has 7, and its list of addresses
/// 10.1.2.3.
fn asking() -> Vec<u8> {
    let rules = vec![made::rule("test/asking", vec![("open", None)])];
    let lists = vec![
        made::list("numbers", ListType::Number, &["1-6"]),
        made::list("networks", ListType::Cidr, &["10.0.0.0/8"]),
    ];
    let description = made::description_with_lists("asking", rules, lists);
    let raise = "(if (i32.and
          (call $listed (i32.const 0) (i32.const 256) (i32.const 8))
          (call $listed (i32.const 1) (i32.const 264) (i32.const 16)))
        (then (call $raise (i32.const 0) (local.get $seq))))
      ;; a list that is not there has nothing
      (if (call $listed (i32.const 2) (i32.const 256) (i32.const 8)) (then unreachable))";
    let data = r#"(data (i32.const 256) "\07\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\ff\ff\0a\01\02\03")"#;
    let more = data.to_owned() + &made::kit(raise);
    made::pack(
        &description,
        &Calls { evaluate: "(call $each (local.get 0))", more: &more, lists: true, ..Calls::default() },
    )
}

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(&path, content).expect("written");
    path
}

fn touch(file: &Path) {
    fs::OpenOptions::new().append(true).create(true).open(file).expect("it opens");
}

#[test]
fn a_new_entry_takes_effect_without_the_pack_being_touched_and_a_bad_file_changes_nothing() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let [first, second, third, always] = ["first", "second", "third", "always"].map(|name| folder.path().join(name));
    let pack = write(folder.path(), "packs/listing.wasm", filtering("listing", "watched", &[text(&always)]));
    let lists = folder.path().join("lists");
    let file = write(&lists, "watched.add.txt", format!("# two files\n{}\n", first.display()));
    let more = ["--lists", text(&lists), "--log", "info"];
    let host = Lanner::watch(&[&pack], &more);
    let found = |path: &Path| host.findings().iter().filter(|finding| finding["event"]["path"] == text(path)).count();
    let status = |more: &[&str]| {
        let control = host.control();
        let arguments = ["status", "--control", text(&control)];
        lanner(&arguments.into_iter().chain(more.iter().copied()).collect::<Vec<_>>()).stdout
    };
    let report = || serde_json::from_slice::<Value>(&status(&["--output", "json"])).expect("JSON");
    [&second, &third, &first, &always].into_iter().for_each(|path| touch(path));
    host.wait("findings of what stands in the list", || found(&first) == 1 && found(&always) == 1);
    assert_eq!(found(&second) + found(&third), 0);
    let before = report();
    assert_eq!((&before["lists"][0]["entries"], &before["lists"][0]["refused"]), (&2.into(), &0.into()), "{before}");
    // Another entry, in place of the first.
    put(&write(folder.path(), "new.txt", format!("{}\n", second.display())), &file);
    host.wait_for_stderr("watched.add.txt: 1 entries for the list watched");
    [&first, &second].into_iter().for_each(|path| touch(path));
    host.wait("a finding of the new entry", || found(&second) == 1);
    assert_eq!(found(&first), 1, "it does not stand there any more");
    // One that is wrong.
    put(&write(folder.path(), "new.txt", format!("{}\nthird\n", third.display())), &file);
    host.wait_for_stderr(
        "watched.add.txt: line 2: \"third\" is no path: one begins with /; what was read before holds",
    );
    [&third, &second].into_iter().for_each(|path| touch(path));
    host.wait("another finding of the entry before", || found(&second) == 2);
    assert_eq!(found(&third), 0);
    let now = report();
    assert_eq!(now["lists"][0]["refused"], 1, "{now}");
    assert!(now["troubles"][0].as_str().is_some_and(|trouble| trouble.contains("line 2")), "{now}");
    assert_eq!(now["packs"][0]["loaded_ns"], before["packs"][0]["loaded_ns"], "nobody has touched the pack");
    let shown = String::from_utf8(status(&[])).expect("UTF-8");
    assert!(shown.contains("list      listing/watched          2 entries, "), "{shown}");
    // And right again.
    put(&write(folder.path(), "new.txt", format!("{}\n", third.display())), &file);
    host.wait("the trouble to be over", || report()["troubles"].as_array().is_some_and(Vec::is_empty));
    touch(&third);
    host.wait("a finding of what was wrong before", || found(&third) == 1);
    assert!(host.stop().status.success());
}

/// What it finds in a capture, with these options: rules and paths.
fn replay(packs: &[&Path], more: &[&str]) -> (Ended, Vec<(String, String)>) {
    let capture = root().join("tests/released/2/capture.lcap");
    let mut arguments = vec!["replay", "--output", "json", text(&capture)];
    packs.iter().for_each(|pack| arguments.extend(["--rules", text(pack)]));
    arguments.extend(more);
    let ended = run(arguments);
    let of = |finding: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&finding["rule"]), text(&finding["event"]["path"]))
    };
    let found = ended.findings().iter().map(of).collect();
    (ended, found)
}

#[test]
fn a_replay_with_the_same_lists_finds_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let one = write(folder.path(), "one.wasm", filtering("one", "shared", &["/"]));
    let two = write(folder.path(), "two.wasm", filtering("two", "shared", &["/nothing"]));
    let all = replay(&[&one, &two], &[]).1;
    assert!(all.len() > 3 && all.iter().all(|(rule, _)| rule == "test/one"), "{all:?}");
    let path = &all[0].1;
    let expected = |rule: &str| {
        let with_it = all.iter().filter(|(_, other)| other == path);
        with_it.map(|(_, path)| (rule.to_owned(), path.clone())).collect::<Vec<_>>()
    };
    // For both.
    let file = write(folder.path(), "list.json", serde_json::json!([{"path": path, "why": "seen"}]).to_string());
    let given = format!("shared={}#path", file.display());
    let shared = replay(&[&one, &two], &["--list", &given]).1;
    assert_eq!(shared.len(), 2 * expected("").len());
    assert_eq!(replay(&[&one, &two], &["--list", &given]).1, shared, "and again");
    // For one, and beside what it brings along.
    let given = format!("two/shared={}#path", file.display());
    let added = replay(&[&two], &["--list-add", &given]).1;
    assert_eq!(added, expected("test/two"));
    let (ended, found) = replay(&[&one], &["--list-add", &given]);
    assert_eq!((ended.status.code(), found.len()), (Some(1), 0));
    assert!(ended.stderr.contains("is for the list two/shared, which no loaded pack has"), "{}", ended.stderr);
}

#[test]
fn a_pack_asks_for_lists_by_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let pack = write(folder.path(), "asking.wasm", asking());
    assert_eq!(replay(&[&pack], &[]).1.len(), 0);
    let numbers = write(folder.path(), "numbers.csv", "id,value\n1,7\n");
    let given = format!("asking/numbers={}", numbers.display());
    let found = replay(&[&pack], &["--list", &given]).1.len();
    assert!(found > 3, "{found}");
    let networks = write(folder.path(), "networks.txt", "192.0.2.0/24\n");
    let others = format!("networks={}", networks.display());
    assert_eq!(replay(&[&pack], &["--list", &given, "--list", &others]).1.len(), 0);
    assert_eq!(replay(&[&pack], &["--list", &given, "--list-add", &others]).1.len(), found);
}

#[test]
fn what_cannot_be_a_list_is_refused_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let pack = write(folder.path(), "one.wasm", filtering("one", "shared", &["/"]));
    let file = write(folder.path(), "list.txt", "/usr/bin/a\n\nusr/bin/b\n");
    let (ended, _) = replay(&[&pack], &["--list", &format!("shared={}", file.display())]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("list.txt: line 3: \"usr/bin/b\" is no path: one begins with /"), "{}", ended.stderr);
    let (ended, _) = replay(&[&pack], &["--list", "shared"]);
    assert_eq!(ended.status.code(), Some(2));
    let (ended, _) = replay(&[&pack], &["--list", "shared=/nowhere/list.txt"]);
    assert!(ended.stderr.contains("the list /nowhere/list.txt cannot be read: No such file"), "{}", ended.stderr);
    let given = format!("shared={}", file.display());
    let (ended, _) = replay(&[&pack], &["--list", &given, "--list", &given]);
    assert!(ended.stderr.contains("are to replace the list shared"), "{}", ended.stderr);
}

#[test]
fn lists_are_shown_tested_and_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    let pack = write(folder.path(), "asking.wasm", asking());
    let lists = folder.path().join("lists");
    write(&lists, "asking/numbers.txt", "443 # https\n8000-8100\n");
    let with = ["--rules", text(&pack), "--lists", text(&lists)];
    let said = |arguments: &[&str]| {
        let output = lanner(&arguments.iter().chain(&with).copied().collect::<Vec<_>>());
        (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
    };
    let (code, shown) = said(&["list", "show"]);
    assert_eq!(code, Some(0));
    let row = |text: &str| shown.lines().any(|line| line.split_whitespace().eq(text.split_whitespace()));
    assert!(row(&format!("asking/numbers number 2 {}/asking/numbers.txt", lists.display())), "{shown}");
    assert!(row("asking/networks cidr 1 the pack"), "{shown}");
    assert_eq!(said(&["list", "show", "numbers"]), (Some(0), "443\n8000-8100\n".to_owned()));
    assert_eq!(said(&["list", "show", "networks"]).1, "10.0.0.0/8\n");
    assert_eq!(said(&["list", "test", "asking/numbers", "8080"]), (Some(0), "asking/numbers has 8080\n".to_owned()));
    assert_eq!(said(&["list", "test", "numbers", "80"]), (Some(1), "asking/numbers does not have 80\n".to_owned()));
    assert_eq!(said(&["list", "test", "networks", "10.9.9.9"]).0, Some(0));
    assert_eq!(said(&["list", "test", "others", "1"]).0, Some(1));
    let check = |holds: &str, file: &Path| lanner(&["list", "check", "--type", holds, text(file)]);
    let numbers = lists.join("asking/numbers.txt");
    assert!(check("number", &numbers).status.success());
    let refused = check("cidr", &numbers);
    assert_eq!(refused.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(stderr.contains("numbers.txt: line 1: \"443\" is no address or network"), "{stderr}");
}

/// A registry, and a client that trusts one key for it.
struct Scene {
    registry: Registry,
    client: Client,
    capture: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let (registry, client) = (Registry::start(Kind::Ours), Client::default());
        client.key("release");
        client.trust(&format!("{}/lists", registry.address()), "release");
        write(client.file("").as_path(), "one.wasm", filtering("one", "shared", &["/nothing"]));
        Self { registry, client, capture: root().join("tests/released/2/capture.lcap") }
    }

    fn name(&self) -> String {
        self.registry.reference("lists/shared:1")
    }

    /// Pushes these entries, as of a second since 1970.
    fn push(&self, entries: &str, second: u32, more: &[&str]) -> Said {
        fs::write(self.client.file("shared.txt"), entries).expect("written");
        let name = self.name();
        let arguments = ["list", "push", "shared.txt", &name, "--type", "path"];
        let mut command = self.client.command(arguments.iter().chain(more));
        command.env("SOURCE_DATE_EPOCH", second.to_string());
        finish(command)
    }

    /// How many findings there are in the capture with what the name leads to.
    fn replay(&self) -> Result<usize, String> {
        let given = format!("shared={}", self.name());
        let capture = text(&self.capture);
        let arguments =
            ["replay", "--rules", "one.wasm", "--list", &given, "--trust", "trust.toml", "--output", "json", capture];
        let said = finish(self.client.command(arguments));
        if said.done { Ok(said.stdout.lines().count()) } else { Err(said.stderr) }
    }
}

#[test]
fn a_list_from_a_registry_is_taken_where_it_is_signed_and_no_older() {
    let scene = Scene::new();
    let refused = scene.push("usr/bin/x\n", 1, &[]);
    assert!(
        !refused.done && refused.stderr.contains("shared.txt: line 1: \"usr/bin/x\" is no path"),
        "{}",
        refused.stderr
    );
    scene.push("/\n", 1_700_000_000, &[]).ok();
    assert!(scene.replay().expect_err("refused").contains("is not signed"));
    scene.client.key("other");
    scene.push("/\n", 1_700_000_000, &["--sign", "other.key"]).ok();
    assert!(scene.replay().expect_err("refused").contains("by another key"));
    let pushed = scene.push("/\n", 1_700_000_000, &["--sign", "release.key"]).ok();
    assert!(pushed.contains("pushed 1 entries, signed by key "), "{pushed}");
    let found = scene.replay().expect("taken");
    assert!(found > 3, "{found}");
    scene.push("/nowhere/\n", 1_700_000_001, &["--sign", "release.key"]).ok();
    assert_eq!(scene.replay(), Ok(0), "the name leads to a newer one");
    scene.push("/\n", 1_700_000_000, &["--sign", "release.key"]).ok();
    assert!(scene.replay().expect_err("refused").contains("older than"), "somebody brings back the first one");
    // A pack is no list, and a list is no pack.
    let pack = scene.client.pack(["push", "one.wasm", &scene.name(), "--sign", "release.key"]);
    pack.ok();
    assert!(scene.replay().expect_err("refused").contains("it is no list"));
}

#[test]
fn a_list_in_a_registry_is_followed() {
    require_kernel!();
    let scene = Scene::new();
    let folder = tempfile::tempdir().expect("a folder");
    let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
    let entries = |path: &Path| format!("{}\n", path.display());
    scene.push(&entries(&first), 1_700_000_000, &["--sign", "release.key"]).ok();
    let given = format!("shared={}", scene.name());
    let (pack, trust, store) =
        (scene.client.file("one.wasm"), scene.client.file("trust.toml"), scene.client.file("store"));
    let more = ["--list", &given, "--trust", text(&trust), "--store", text(&store), "--follow", "1s", "--log", "info"];
    let host = Lanner::watch(&[&pack], &more);
    let found = |path: &Path| host.findings().iter().filter(|finding| finding["event"]["path"] == text(path)).count();
    [&first, &second].into_iter().for_each(|path| touch(path));
    host.wait("a finding of the first entry", || found(&first) == 1);
    scene.push(&entries(&second), 1_700_000_001, &["--sign", "release.key"]).ok();
    host.wait_for_stderr(&format!("{}: 1 entries for the list shared", scene.name()));
    touch(&second);
    host.wait("a finding of the second entry", || found(&second) == 1);
    // What is not signed changes nothing.
    scene.push(&entries(&first), 1_700_000_002, &[]).ok();
    host.wait_for_stderr("; the list that was taken before holds");
    [&first, &second].into_iter().for_each(|path| touch(path));
    host.wait("another finding of the second entry", || found(&second) == 2);
    assert_eq!(found(&first), 1);
    assert!(host.stop().status.success());
}
