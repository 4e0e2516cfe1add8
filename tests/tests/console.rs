//! The console of a running host: asked over HTTP by whom it should not answer, and used in a real browser.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use lanner_store::{Bounds, Record, Store};
use lanner_tests::browser::Browser;
use lanner_tests::{Lanner, require_kernel, run, test_pack};
use serde_json::json;

/// Bytes that a browser needs at most until it shows the first page.
const FIRST_PAINT: usize = 100 << 10;
/// What nobody wants to have run.
const HOSTILE: &str =
    "\"'><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">\u{202e}\u{7}";

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A host with a console, and what it needs.
struct Scene {
    lanner: Lanner,
    folder: tempfile::TempDir,
    url: String,
}

impl Scene {
    /// The same with findings that are kept.
    fn new(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("findings.db");
        keep(&store);
        let kept = ["--keep", text(&store), "--label", "environment=prod"];
        Self::of(folder, &[&kept, more].concat())
    }

    /// With a pack, and these options.
    fn of(folder: tempfile::TempDir, more: &[&str]) -> Self {
        let rules = folder.path().join("rules");
        fs::create_dir(&rules).expect("a folder");
        fs::copy(test_pack("counter-1"), rules.join("counter.wasm")).expect("a pack");
        let lanner = Lanner::watch(&[&rules], &[&["--console", "127.0.0.1:0"], more].concat());
        let said = lanner.stderr();
        let at = said.split("the console is served at ").nth(1).expect("it says where");
        let url = at.split_whitespace().next().expect("an address").trim_end_matches('/').to_owned();
        Self { lanner, folder, url }
    }

    /// Has a finding raised.
    fn raise(&self, name: &str) {
        fs::write(self.folder.path().join(format!("lanner-count-{name}")), "").expect("a marked file");
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let mut request = agent().get(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = request.call().expect("an answer");
        (answer.status().as_u16(), answer.body_mut().read_to_string().expect("a text"))
    }

    /// Bytes of a file as they are sent.
    fn bytes(&self, path: &str) -> usize {
        let request = agent().get(format!("{}{path}", self.url)).header("accept-encoding", "gzip, br");
        let mut answer = request.call().expect("an answer");
        assert_eq!(answer.headers()["content-encoding"], "gzip");
        answer.body_mut().read_to_vec().expect("bytes").len()
    }

    /// Sends a form; the status, the page, and where it leads or the cookie.
    fn post(&self, path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> (u16, String, String) {
        let mut request = agent().post(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = request.send_form(form.iter().copied()).expect("an answer");
        let cookie = answer.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok()).unwrap_or_default();
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        (answer.status().as_u16(), answer.body_mut().read_to_string().expect("a text"), cookie)
    }

    /// Signs in; says the cookie.
    fn sign_in(&self, name: &str, password: &str) -> String {
        let form = field(&self.get("/login", &[]).1);
        let (status, _, cookie) = self.post("/login", &[("form", &form), ("name", name), ("password", password)], &[]);
        assert!(status == 303 && !cookie.is_empty(), "{status}");
        cookie
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into()
}

/// What has to stand in each form of a page.
fn field(page: &str) -> String {
    let value = page.split("name=\"form\" value=\"").nth(1).unwrap_or_else(|| panic!("a form: {page}"));
    value.split('"').next().expect("its end").to_owned()
}

fn users(folder: &Path) -> PathBuf {
    let file = folder.join("users");
    let line =
        |name: &str, password: &str| format!("{name}:{}\n", lanner_access::hash_password(password).expect("a hash"));
    fs::write(&file, line("alice", "wonderland") + &line("bob", "builder")).expect("written");
    file
}

/// Sixty findings of the last hours, of which one is hostile in all that it says.
fn keep(path: &Path) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("later than 1970");
    let finding = |number: u64| {
        let severity = ["low", "high", "medium", "critical", "info"][usize::try_from(number % 5).expect("small")];
        let said =
            if number == 7 { HOSTILE.to_owned() } else { format!("program-{number} reads /etc/secret-{number}") };
        let time_ns = (now - Duration::from_secs(60 * (number + 1))).as_nanos() as u64;
        let finding = json!({
            "schema": 1, "type": "finding", "id": format!("{:032x}", 0xabc0_0000_u64 + number), "time_ns": time_ns,
            "time": "2026-11-24T01:54:56.123456789Z", "host": format!("web-{}", number % 3), "severity": severity,
            "rule": format!("credential-access/rule-{}", number % 4), "summary": "A program read a secret", "attack": ["T1003.008"],
            "message": said, "pack": {"name": "starter", "version": "1.0.0"}, "labels": {"environment": "prod"},
            "process": {"id": format!("{:016x}", number / 2), "exe": format!("/usr/bin/program-{number}"), "pid": 4711, "ppid": 1,
                "args": ["program", said], "uid": 0, "user": "root", "cwd": "/", "start": "2026-11-24T01:54:56Z",
                "container": {"id": "c0ffee", "name": "app", "image": "registry.example/app:1", "namespace": "shop"}},
            "lineage": [{"pid": 12, "name": "bash", "exe": "/usr/bin/bash"}, {"pid": 1, "name": "init", "exe": "/sbin/init"}],
            "event": {"seq": number, "kind": "open", "result": 3, "path": "/etc/secret"}, "fields": {"said": said},
        });
        Record::new(finding.to_string()).expect("a finding")
    };
    let mut store = Store::open(path, Bounds::default()).expect("a store");
    store.add(&(0..60).map(finding).collect::<Vec<_>>()).expect("written");
}

#[test]
fn a_console_that_others_reach_has_tls_and_users() {
    for (more, why) in [
        (&["--console", "0.0.0.0:0"][..], "without a certificate and users"),
        (&["--console", "127.0.0.1:0", "--console-operator", "alice"], "nobody can log in"),
        (&["--console", "127.0.0.1:0", "--console-users", "/nowhere"], "/nowhere"),
    ] {
        let ended = run(["run", "--no-config", "--no-control"].iter().chain(more));
        assert!(!ended.status.success() && ended.stderr.contains(why), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    }
}

#[test]
fn who_signs_out_has_nothing_more_of_what_comes() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let file = users(folder.path());
    let scene = Scene::of(folder, &["--console-users", text(&file)]);
    let cookie = scene.sign_in("bob", "builder");
    let signed_in = [("cookie", &*cookie)];
    let form = field(&scene.get("/coverage", &signed_in).1);
    let answer = agent().get(format!("{}/live", scene.url)).header("cookie", &cookie).call().expect("an answer");
    assert_eq!(answer.status().as_u16(), 200);
    let mut lines = BufReader::new(answer.into_body().into_reader()).lines();
    let mut next = move || lines.next().expect("it goes on").expect("a line");
    scene.raise("first");
    while !next().contains("lanner-count-first") {}
    assert_eq!(scene.post("/logout", &[("form", &form)], &signed_in).0, 303);
    scene.raise("second");
    loop {
        let line = next();
        assert!(!line.contains("lanner-count-second"), "{line}");
        if line == "event: signed-out" {
            break;
        }
    }
}

#[test]
fn where_nobody_signs_in_all_look_and_change_what_they_are_let() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let scene = Scene::of(folder, &["--console-anybody-operates"]);
    let page = scene.get("/", &[]).1;
    assert!(page.contains("no sign-in: anyone can make changes") && page.contains("does not keep findings"), "{page}");
    for (path, status) in
        [("/packs", 200), ("/coverage", 200), ("/audit", 200), ("/findings/abcd", 404), ("/login", 303)]
    {
        assert_eq!(scene.get(path, &[]).0, status, "{path}");
    }
    let (status, confirm) = scene.get("/packs/confirm?pack=counter&turn=release", &[]);
    assert_eq!(status, 200);
    let form = field(&confirm);
    let release = [("form", &*form), ("pack", "counter"), ("turn", "release")];
    for theirs in
        [("origin", "http://attacker.example"), ("sec-fetch-site", "cross-site"), ("host", "attacker.example")]
    {
        assert!([403, 421].contains(&scene.post("/packs/change", &release, &[theirs]).0), "{theirs:?}");
    }
    assert_eq!(scene.post("/packs/change", &release[1..], &[]).0, 403);
    assert_eq!(scene.post("/packs/change", &release, &[("origin", &scene.url)]).0, 303);
    scene
        .lanner
        .wait_for_stderr("somebody on this machine at 127.0.0.1 has released the pack \"counter\" in the console");
    // What comes is sent as it comes, also where nothing is kept.
    let stream = agent().get(format!("{}/live?rule=test%2Fcount", scene.url)).call().expect("an answer");
    scene.raise("live");
    let lines = BufReader::new(stream.into_body().into_reader()).lines();
    let data = lines.map(|line| line.expect("a line")).find(|line| line.starts_with("data: ") && line.contains("rows"));
    assert!(data.expect("it came").contains("lanner-count-live"));
    assert!(scene.lanner.stop().status.success());
}

#[test]
fn who_may_what() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let users = users(folder.path());
    let scene = Scene::new(&["--console-users", text(&users), "--console-operator", "alice"]);
    // A stranger is led to the sign-in, and a program told; a page of others does not get that far.
    assert_eq!(scene.get("/packs", &[]).0, 303);
    assert_eq!(scene.get("/live", &[("accept", "text/event-stream")]).0, 401);
    assert_eq!(scene.get("/login", &[("host", "attacker.example")]).0, 421);
    let form = field(&scene.get("/login", &[]).1);
    let wrong = [("form", &*form), ("name", "alice"), ("password", "builder")];
    assert_eq!(scene.post("/login", &wrong, &[]).0, 401);
    assert_eq!(scene.post("/login", &wrong[1..], &[]).0, 403);
    assert_eq!(scene.post("/login", &wrong, &[("origin", "https://attacker.example")]).0, 403);
    // Who only looks sees all, and changes nothing.
    let (alice, bob) = (scene.sign_in("alice", "wonderland"), scene.sign_in("bob", "builder"));
    let id = format!("{:032x}", 0xabc0_0003_u64);
    let pages = ["/", "/packs", "/coverage", "/host", "/audit", &format!("/findings/{id}")];
    for page in pages {
        let (status, seen) = scene.get(page, &[("cookie", &bob)]);
        assert!(status == 200 && !seen.contains("action=\"/findings/change\""), "{page}: {status}");
    }
    let form = field(&scene.get("/", &[("cookie", &bob)]).1);
    let change = [("form", &*form), ("id", &*id), ("change", "close"), ("text", "noise")];
    let (status, page, _) = scene.post("/findings/change", &change, &[("cookie", &bob)]);
    assert!(status == 403 && page.contains("console.operators says who may"), "{status}");
    // With the field of another session it is not done either.
    assert_eq!(scene.post("/findings/change", &change, &[("cookie", &alice)]).0, 403);
    let form = field(&scene.get("/", &[("cookie", &alice)]).1);
    let change = [("form", &*form), ("id", &*id), ("change", "close"), ("text", "noise")];
    assert_eq!(scene.post("/findings/change", &change, &[("cookie", &alice)]).0, 303);
    assert!(scene.get(&format!("/findings/{id}"), &[("cookie", &bob)]).1.contains("State: closed"));
    // Of a pack that is not there nothing can be promoted; that it was wanted is written down.
    let promote = [("form", &*form), ("pack", "counter"), ("turn", "promote")];
    assert_eq!(scene.post("/packs/change", &promote, &[("cookie", &alice)]).0, 422);
    let audit = scene.get("/audit", &[("cookie", &bob)]).1;
    for part in ["signed in", "closed", "noise", "refused", "has no candidate in its shadow"] {
        assert!(audit.contains(part), "{part}: {audit}");
    }
    // What cannot be asked is said, and what is not there is not.
    assert_eq!(scene.get("/?severity=bad", &[("cookie", &bob)]).0, 400);
    assert_eq!(scene.get("/findings/ffffffff", &[("cookie", &bob)]).0, 404);
    assert_eq!(scene.get("/nothing", &[("cookie", &bob)]).0, 404);
    // The first page is small, with all that it needs, as browsers get it; also that of who may do most.
    let (_, page) = scene.get("/", &[("cookie", &alice)]);
    assert_eq!(page.matches("<tr data-row").count(), 50);
    let assets = page.split('"').filter(|part| part.starts_with("/assets/"));
    let needed: usize = assets.map(|asset| scene.bytes(asset)).sum();
    assert!(needed > 0 && page.len() + needed <= FIRST_PAINT, "{} and {needed} bytes", page.len());
    // Whoever is taken out of the file is signed out.
    let without = fs::read_to_string(&users).expect("users").lines().next().map(|line| format!("{line}\n"));
    fs::write(&users, without.expect("alice")).expect("written");
    scene.lanner.wait("bob to be signed out", || scene.get("/", &[("cookie", &bob)]).0 == 303);
    assert_eq!(scene.get("/", &[("cookie", &alice)]).0, 200);
    assert!(scene.lanner.stop().status.success());
}

#[test]
fn findings_and_packs_are_dealt_with_in_a_browser() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let users = users(folder.path());
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    fs::write(&certificate, certified.cert.pem()).expect("written");
    fs::write(&key, certified.signing_key.serialize_pem()).expect("written");
    let scene = Scene::new(&[
        "--console-users",
        text(&users),
        "--console-operator",
        "alice",
        "--console-certificate",
        text(&certificate),
        "--console-key",
        text(&key),
    ]);
    assert!(scene.url.starts_with("https://"));
    let browser = Browser::start();
    let at = |path: &str| format!("{}{path}", scene.url);
    let pictures = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("console");
    fs::create_dir_all(&pictures).expect("a folder");
    let is_sound = |name: &str| {
        for (dark, look) in [(false, "light"), (true, "dark")] {
            browser.make_dark(dark);
            assert_eq!(browser.faults(), [], "{name}, {look}");
            browser.picture(&pictures.join(format!("{name}-{look}.png")));
        }
        browser.make_dark(false);
        browser.resize(360, 740);
        assert!(!browser.is_too_wide(), "{name} at 360 px");
        browser.picture(&pictures.join(format!("{name}-360.png")));
        browser.resize(1400, 900);
        assert_ne!(browser.run("return document.title"), "owned", "{name}");
    };
    // It leads to where one wanted to go.
    browser.open(&at("/?severity=high"));
    is_sound("sign-in");
    browser.type_into("[name=name]", "alice");
    browser.type_into("[name=password]", "wonderland");
    browser.click(".sign-in button");
    let there =
        "return location.search === '?severity=high' && document.querySelectorAll('tr[data-row]').length === 12";
    browser.wait("the findings", there);
    let rows = "return document.querySelectorAll('tr[data-row]').length";
    browser.open(&at("/"));
    is_sound("findings");

    // Live: one that comes is there without loading anew; not while it is paused, but then.
    browser.wait("the stream", "return document.getElementById('live-state').textContent === 'Live'");
    scene.raise("one");
    browser.wait_for("lanner-count-one");
    browser.press("l");
    browser.wait_for("Paused");
    scene.raise("two");
    browser.wait_for("Paused, 1 new");
    assert!(!browser.text().contains("lanner-count-two"));
    browser.click("#live-pause");
    browser.wait_for("lanner-count-two");

    // By words and by keys.
    browser.press("/");
    browser.type_into("#words", "secret-11\u{e007}");
    browser.wait("what was looked for", "return document.querySelectorAll('tr[data-row]').length === 1");
    browser.press("j");
    browser.wait("the row", "return document.querySelector('tr.here a.open') === document.activeElement");
    browser.press("\u{e007}");
    browser.wait("the finding", "return location.pathname.startsWith('/findings/')");
    for part in ["program-11 reads /etc/secret-11", "/sbin/init", "OS Credential Dumping", "[[exception]]", "shop"] {
        let part = part.replace("OS Credential Dumping", "/etc/passwd and /etc/shadow");
        assert!(browser.text().contains(&part), "{part}: {}", browser.text());
    }
    is_sound("finding");
    browser.type_into("#work [name=text]", "seen by us");
    browser.click("#work [value=acknowledge]");
    browser.wait_for("State: acknowledged");
    browser.type_into("#work textarea", "it was\nthe backup");
    browser.click("#work [value=comment]");
    browser.wait_for("the backup");
    browser.click("#work [value=take]");
    browser.wait_for("State: acknowledged · alice");
    browser.open(&at("/?state=acknowledged"));
    assert_eq!(browser.run(rows), 1);

    // Several at once.
    browser.open(&at("/?severity=critical"));
    browser.press("jxjx");
    browser.wait_for("2 chosen:");
    browser.click("#bulk [value=close]");
    browser.wait("both to be closed", "return document.querySelectorAll('td.what .state').length === 2");
    browser.open(&at("/?state=closed"));
    assert_eq!(browser.run(rows), 2);

    // What findings say stays text.
    browser.open(&at(&format!("/findings/{:032x}", 0xabc0_0007_u64)));
    assert!(browser.text().contains("<script>document.title='owned'</script>"), "{}", browser.text());
    is_sound("hostile");

    // A pack is tried in the shadow, promoted and had back.
    let (control, newer) = (scene.lanner.control(), test_pack("counter-2"));
    let shadow = run(["shadow", text(&newer), "--control", text(&control)]);
    assert!(shadow.status.success(), "{}", shadow.stderr);
    scene.raise("three");
    let compared = || {
        browser.open(&at("/packs"));
        browser.text().contains("In the shadow: 2.0.0")
            && browser.run("return document.querySelector('.shadow td.number:nth-child(3)').textContent") == "1"
    };
    scene.lanner.wait("the comparison", compared);
    is_sound("packs");
    let confirm = |link: &str, version: &str| {
        browser.click(&format!("#pack-counter a[href*='turn={link}']"));
        browser.wait_for("Cancel");
        browser.click(".confirm button");
        let runs = format!("return document.querySelector('#pack-counter .version')?.textContent === '{version}'");
        browser.wait(&format!("{version} to run"), &runs);
    };
    confirm("promote", "2.0.0");
    confirm("rollback", "1.0.0");

    browser.press("gc");
    browser.wait_for("techniques for Linux and containers have rules here");
    assert!(browser.text().contains("T1003 OS Credential Dumping"));
    is_sound("coverage");
    browser.open(&at("/host"));
    browser.wait("curves", "return document.querySelectorAll('#curves:not([hidden]) canvas').length === 4");
    is_sound("host");
    browser.press("ga");
    browser.wait_for("Who changed what");
    for part in ["signed in", "acknowledged", "promoted", "rolled back", "it was"] {
        assert!(browser.text().contains(part), "{part}: {}", browser.text());
    }
    is_sound("audit");
    browser.press("?");
    browser.wait("the keys", "return document.getElementById('keys').open");
    browser.press("\u{e00c}");
    browser.wait("no keys", "return !document.getElementById('keys').open");
    browser.click("header form button");
    browser.wait_for("Password");
    browser.open(&at("/packs"));
    browser.wait("the sign-in", "return location.pathname === '/login'");
    assert!(scene.lanner.stop().status.success());
}
