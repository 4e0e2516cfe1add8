//! The configuration: how a host goes by it, takes up another one, and what of it is shown.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use lanner_config::{Change, Config, KEYS, OUTPUT};
use lanner_contract::filter::{Literal, Test};
use lanner_contract::{Description, Filter, Setting, SettingType, SettingValue};
use lanner_tests::made::{self, Calls};
use lanner_tests::registry::{Client, Kind, Registry, finish};
use lanner_tests::{Lanner, binary, put, require_kernel, root, signal, test_pack};
use rustix::process::Signal;
use serde_json::Value;

fn lanner(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(binary());
    command
        .args(arguments)
        .env("NO_COLOR", "1")
        .env_remove("LANNER_CONTROL")
        .env_remove("LANNER_LOG")
        .env_remove("LANNER_CONFIG");
    command.envs(environment.iter().copied()).output().expect("it can be run")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Puts a file in place as a careful editor does: whole, by a rename.
fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    let parent = path.parent().expect("a folder");
    fs::create_dir_all(parent).expect("a folder");
    let aside = parent.join(".new");
    fs::write(&aside, content).expect("written");
    fs::rename(&aside, &path).expect("in place");
    path
}

fn touch(file: &Path) {
    fs::OpenOptions::new().append(true).create(true).open(file).expect("it opens");
}

/// A pack of opens of one file: of its two rules the one raises findings where `loud` is set, and the other where it is not. It
/// has 8 bytes of state.
fn loud(file: &Path) -> Vec<u8> {
    let test = || Test::Equals(vec![Literal::Bytes(text(file).into())]);
    let filter = || Some(Filter::Field("open.path".to_owned(), test()));
    let rule = |id: &str| made::rule(id, vec![("open", filter())]);
    let setting = Setting {
        name: "loud".to_owned(),
        summary: "Whether it is loud".to_owned(),
        takes: SettingType::Boolean,
        default: Some(SettingValue::Boolean(false)),
    };
    let (name, version) = ("speaker".to_owned(), "1.0.0".to_owned());
    let rules = vec![rule("test/quiet"), rule("test/loud")];
    let description = Description { name, version, rules, settings: vec![setting], ..Description::default() }.encode();
    // The value of the only setting stands last in what it is told: 0xf5 is true.
    let configure = "(if (local.get 1) (then (i32.store8 (i32.const 48)
        (i32.eq (i32.load8_u (i32.sub (i32.add (local.get 0) (local.get 1)) (i32.const 1))) (i32.const 0xf5)))))";
    let more = made::kit("(call $raise (i32.load8_u (i32.const 48)) (local.get $seq))");
    let evaluate = "(call $each (local.get 0))";
    made::pack(&description, &Calls { evaluate, configure, more: &more, state: 8, ..Calls::default() })
}

/// What a host says of itself.
fn status(host: &Lanner) -> Value {
    let said = lanner(&["status", "--output", "json", "--control", text(&host.control())], &[]);
    serde_json::from_slice(&said.stdout).expect("JSON")
}

fn troubles(host: &Lanner) -> String {
    status(host)["troubles"].to_string()
}

#[test]
fn a_host_takes_up_what_its_configuration_says_by_now_or_nothing_of_it() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let [first, second] = ["lanner-count-a", "lanner-count-b"].map(|name| folder.path().join(name));
    write(folder.path(), "packs/speaker.wasm", loud(&first));
    put(&test_pack("counter-1"), &folder.path().join("counter.wasm"));
    let site = |more: &str| write(folder.path(), "conf.d/50-site.toml", more);
    let base = "rules = \"packs\"\nbuffer = 128\n[[output]]\ntype = \"stdout\"\n[[output]]\ntype = \"file\"\npath = \"findings.json\"\n";
    write(folder.path(), "lanner.toml", base);
    site("[labels]\nenvironment = \"test\"\n");
    let host = Lanner::start(["run", "--config", text(folder.path())]);
    host.wait_for_stderr("watching kernel");
    assert!(host.stderr().contains("conf.d/50-site.toml"), "{}", host.stderr());
    let is =
        |finding: &Value, rule: &str, path: &Path| finding["rule"] == rule && finding["event"]["path"] == text(path);
    touch(&first);
    let found = host.wait_for_finding("finding", |finding| is(finding, "test/quiet", &first));
    assert_eq!(found["labels"], serde_json::json!({"environment": "test"}));
    assert_eq!(status(&host)["labels"]["environment"], "test");
    // Both outputs have it.
    let file = folder.path().join("findings.json");
    host.wait("finding in the file", || fs::read_to_string(&file).is_ok_and(|text| text.contains("test/quiet")));
    // Another label, another setting, another pack; and something that needs a restart.
    let other = "rules = [\"../counter.wasm\"]\nbuffer = 64\n[labels]\nenvironment = \"prod\"\n[pack.speaker.settings]\nloud = true\n";
    site(other);
    host.wait_for_stderr("is taken up: labels.environment, pack.speaker.settings.loud, rules");
    host.wait_for_stderr("pack speaker 1.0.0 with 2 rules: reloaded, 8 bytes of state kept");
    host.wait_for_stderr("which needs a restart: buffer");
    assert!(troubles(&host).contains("needs a restart: buffer"));
    touch(&first);
    let found = host.wait_for_finding("loud finding", |finding| is(finding, "test/loud", &first));
    assert_eq!(found["labels"]["environment"], "prod");
    touch(&second);
    host.wait_for_finding("finding of the other pack", |finding| is(finding, "test/count", &second));
    // What is wrong changes nothing, wherever it is noticed.
    for (wrong, says) in [
        (other.replace("buffer", "bufer"), "there is no key \"bufer\"; did you mean \"buffer\"?"),
        (other.replace("loud =", "laud =").replace("prod", "never"), "laud"),
        (other.replace("[pack.speaker", "[pack.spaeker").replace("prod", "never"), "there is no pack \"spaeker\""),
        (other.replace("prod\"", "never\"\n[lists]\nfolder = \"not-there\""), "not-there"),
        (format!("tuning = \"not-there.toml\"\n{}", other.replace("prod", "never")), "not-there.toml"),
    ] {
        site(&wrong);
        let refused = || {
            let stderr = host.stderr();
            let line =
                stderr.lines().rev().find(|line| line.contains("the configuration has changed and cannot be used"));
            line.is_some_and(|line| line.contains(says) && line.contains("what was said before holds"))
        };
        host.wait(says, refused);
        assert!(troubles(&host).contains("cannot be used"), "{says}");
        assert_eq!(status(&host)["labels"]["environment"], "prod", "{says}");
    }
    let before = host.count("test/loud");
    touch(&first);
    host.wait("another finding", || host.count("test/loud") > before);
    // As it was at the start, at once where somebody asks.
    write(folder.path(), "lists/any.txt", "");
    site("[labels]\nenvironment = \"test\"\n");
    signal(host.pid(), Signal::HUP);
    host.wait("end of troubles", || status(&host)["troubles"] == serde_json::json!([]));
    assert_eq!(status(&host)["packs"].as_array().map(Vec::len), Some(1));
    let before = host.count("test/quiet");
    touch(&first);
    host.wait("quiet finding", || host.count("test/quiet") > before);
    let ended = host.stop();
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(ended.stdout.iter().all(|line| !line.contains("never")), "{:?}", ended.stdout);
}

#[test]
fn lists_and_tuning_that_the_configuration_names_change_with_it() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("marked");
    write(folder.path(), "speaker.wasm", loud(&file));
    write(folder.path(), "off.toml", "[[rule]]\nid = \"test/quiet\"\nenabled = false\n");
    write(
        folder.path(),
        "low.toml",
        "[[rule]]\nid = \"test/quiet\"\nseverity = \"high\"\n[[exception]]\nrule = \"test/quiet\"\nreason = \"r\"\nwhere.labels.site = \"b\"\n",
    );
    let config = |more: &str| {
        let text = format!("rules = \"speaker.wasm\"\nbuffer = 128\n{more}\n[[output]]\ntype = \"stdout\"\n");
        write(folder.path(), "any.toml", text)
    };
    let path = config("tuning = \"low.toml\"\n[labels]\nsite = \"a\"");
    let host = Lanner::start(["run", "--config", text(&path)]);
    host.wait_for_stderr("watching kernel");
    touch(&file);
    host.wait_for_finding("finding", |finding| finding["severity"] == "high" && finding["labels"]["site"] == "a");
    // An exception goes by a label.
    config("tuning = \"low.toml\"\n[labels]\nsite = \"b\"");
    host.wait_for_stderr("is taken up: labels.site");
    touch(&file);
    host.wait("excepted finding", || status(&host)["excepted"] == 1);
    config("tuning = \"off.toml\"\n[labels]\nsite = \"a\"");
    host.wait_for_stderr("is taken up: labels.site, tuning");
    touch(&file);
    host.wait("finding of a rule that is off", || status(&host)["switched_off"] == 1);
    assert_eq!(host.stop().findings().len(), 1);
}

#[test]
fn the_command_line_counts_for_more_than_the_environment_and_that_for_more_than_a_file() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("marked");
    write(folder.path(), "speaker.wasm", loud(&file));
    let aside = folder.path().join("aside.sock");
    let path = write(
        folder.path(),
        "any.toml",
        format!(
            "rules = \"not-there\"\nbuffer = 1\n[labels]\nsite = \"file\"\nrack = \"7\"\n[pack.speaker.settings]\nloud = true\n\
             [control]\nsocket = \"{}\"\n[[output]]\ntype = \"file\"\npath = \"findings.json\"\n",
            aside.display()
        ),
    );
    let pack = folder.path().join("speaker.wasm");
    // The harness says in the environment where the control socket is.
    let host = Lanner::start([
        "run",
        "--config",
        text(&path),
        "--rules",
        text(&pack),
        "--buffer",
        "128",
        "--label",
        "site=line",
        "--set",
        "speaker.loud=false",
        "--output",
        "json",
    ]);
    host.wait_for_stderr("watching kernel");
    touch(&file);
    let found = host.wait_for_finding("finding", |finding| finding["event"]["path"] == text(&file));
    assert_eq!(found["rule"], "test/quiet");
    assert_eq!(found["labels"], serde_json::json!({"site": "line", "rack": "7"}));
    assert_eq!(status(&host)["labels"]["site"], "line");
    assert!(!aside.exists() && !folder.path().join("findings.json").exists());
    assert!(host.stop().status.success());
}

#[test]
fn what_is_wrong_is_refused_at_the_start_and_by_a_check() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), "lanner.toml", "\n[limits]\nmemroy = 64\n");
    let says = "lanner.toml:3:1: there is no key \"memroy\" in `limits`; did you mean \"memory\"?";
    for arguments in [
        vec!["config", "check", text(&path)],
        vec!["config", "show", text(&path)],
        vec!["run", "--config", text(&path)],
    ] {
        let refused = lanner(&arguments, &[]);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
        assert!(said(&refused.stderr).contains(says), "{}", said(&refused.stderr));
    }
    let checks = |text_of: &str, more: &[&str]| {
        let path = write(folder.path(), "lanner.toml", text_of);
        lanner(&[&["config", "check", text(&path)], more].concat(), &[])
    };
    // With all that it names: rules, what is set in them, tuning.
    write(folder.path(), "speaker.wasm", loud(Path::new("/marked")));
    for (wrong, says) in [
        ("rules = \"nowhere\"", "nowhere cannot be read"),
        ("rules = \"speaker.wasm\"\n[pack.speaker.settings]\nlaud = true", "laud"),
        ("rules = \"speaker.wasm\"\n[pack.other.settings]\nx = true", "no loaded pack is called so"),
        ("rules = \"speaker.wasm\"\ntuning = \"nowhere.toml\"", "nowhere.toml"),
        ("rules = \"speaker.wasm\"\ntrust = \"nowhere.toml\"", "nowhere.toml"),
        ("rules = \"speaker.wasm\"\n[lists]\nreplace.x = \"nowhere.txt\"", "nowhere.txt"),
    ] {
        let refused = checks(wrong, &[]);
        assert_eq!(refused.status.code(), Some(1), "{wrong}");
        assert!(said(&refused.stderr).contains(says), "{wrong}: {}", said(&refused.stderr));
    }
    let right =
        "rules = \"speaker.wasm\"\n[pack.speaker.settings]\nloud = true\n[metrics]\nlisten = \"0.0.0.0:9464\"\n";
    let checked = checks(right, &[]);
    assert!(checked.status.success(), "{}", said(&checked.stderr));
    let report = said(&checked.stdout);
    assert!(report.contains("lanner.toml: 1 file, 3 values\n"), "{report}");
    assert!(report.contains("rules from files: 1 pack, 2 rules"), "{report}");
    assert!(
        report.contains("warning: ") && report.contains("lanner.toml:5:10: metrics are served to anybody"),
        "{report}"
    );
    assert_eq!(checks(right, &["--strict"]).status.code(), Some(1));
    // On its own, nothing is looked at that it names.
    assert!(checks("rules = \"nowhere\"", &["--alone"]).status.success());
}

#[test]
fn each_value_is_shown_with_where_it_is_from_and_a_secret_never() {
    let folder = tempfile::tempdir().expect("a folder");
    write(
        folder.path(),
        "lanner.toml",
        "buffer = 32\n[registry.login.\"registry.example.org\"]\nuser = \"host\"\npassword = { file = \"secret\" }\n",
    );
    write(folder.path(), "conf.d/10-more.toml", "rules = [\"a\", \"b\"]\n[log]\nlevel = \"warn\"\n");
    let secret = write(folder.path(), "secret", "hunter2\n");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("its mode");
    let show = |more: &[&str], environment: &[(&str, &str)]| {
        let said = lanner(&[&["config", "show", text(folder.path())], more].concat(), environment);
        assert!(said.status.success(), "{}", self::said(&said.stderr));
        self::said(&said.stdout)
    };
    let lines: Vec<Value> =
        show(&["--output", "json"], &[]).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |key: &str| lines.iter().filter(|line| line["key"] == key).collect::<Vec<_>>();
    assert_eq!((&of("buffer")[0]["value"], &of("buffer")[0]["line"]), (&"32".into(), &1.into()));
    assert_eq!(of("rules").iter().map(|line| &line["value"]).collect::<Vec<_>>().len(), 2);
    assert!(of("rules")[1]["file"].as_str().is_some_and(|file| file.ends_with("conf.d/10-more.toml")));
    assert_eq!(
        (&of("limits.deadline")[0]["value"], &of("limits.deadline")[0]["from"]),
        (&"250ms".into(), &"default".into())
    );
    assert_eq!(of("limits.memory")[0]["value"], "64");
    assert_eq!(of("registry.login.\"registry.example.org\".password")[0]["value"], "***");
    // Each key that has one name is there.
    for key in KEYS.iter().filter(|key| !key.is_open()) {
        assert!(!of(key.name).is_empty(), "{}", key.name);
    }
    let environment = [("LANNER_LOG", "debug")];
    let shown = show(&[], &environment);
    let level = shown.lines().find(|line| line.starts_with("log.level ")).expect("the level");
    assert!(level.contains("debug") && level.ends_with("$LANNER_LOG"), "{level}");
    assert!(!show(&["--said"], &[]).contains("default"));
    assert!(!shown.contains("hunter2") && shown.contains("***"), "{shown}");
    // Where others may read it, it is not taken, and not shown either.
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).expect("its mode");
    let refused = lanner(&["config", "check", "--alone", text(folder.path())], &[]);
    assert_eq!(refused.status.code(), Some(1));
    let why = said(&refused.stderr);
    assert!(why.contains("lanner.toml:4:12: ") && why.contains("chmod 600") && !why.contains("hunter2"), "{why}");
    // A secret that systemd hands over.
    write(
        folder.path(),
        "lanner.toml",
        "[registry.login.\"h\"]\nuser = \"u\"\npassword = { credential = \"token\" }\n",
    );
    let why = lanner(&["config", "check", "--alone", text(folder.path())], &[]);
    assert!(said(&why.stderr).contains("LoadCredential=token:"), "{}", said(&why.stderr));
    write(folder.path(), "handed/token", "hunter2");
    let handed = folder.path().join("handed");
    let environment = [("CREDENTIALS_DIRECTORY", text(&handed))];
    assert!(lanner(&["config", "check", "--alone", text(folder.path())], &environment).status.success());
}

#[test]
fn a_registry_that_wants_a_password_is_given_the_one_that_the_configuration_names() {
    require_kernel!();
    let registry = Registry::start_for(Kind::Ours, "ann", "right");
    let client = Client::default();
    fs::write(client.file("password"), "right").expect("written");
    let mut login = client.command(["pack", "login", registry.address(), "-u", "ann", "--password-stdin"]);
    login.stdin(fs::File::open(client.file("password")).expect("it is there"));
    finish(login).ok();
    let name = registry.reference("team/counting:1");
    client.pack(["push", text(&test_pack("counter-1")), &name]).ok();
    client.pack(["logout", registry.address()]).ok();
    client.policy(&format!("[[trust]]\nprefix = \"{}\"\nunsigned = true\n", registry.address()));
    let config = |password: &str| {
        let secret = client.file("secret");
        fs::write(&secret, password).expect("written");
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("its mode");
        let (address, buffer) = (registry.address(), lanner_tests::BUFFER);
        let login = format!("[registry.login.\"{address}\"]\nuser = \"ann\"\npassword = {{ file = \"secret\" }}\n");
        fs::write(
            client.file("lanner.toml"),
            format!(
                "rules = \"{name}\"\ntrust = \"trust.toml\"\nbuffer = {buffer}\n{login}[control]\nenabled = false\n"
            ),
        )
        .expect("written");
        let mut run = client.command(["run", "--for", "1s", "--config"]);
        run.arg(client.file("lanner.toml"));
        finish(run)
    };
    let refused = config("wrong-one");
    assert!(!refused.done && !refused.stderr.contains("wrong-one"), "{}", refused.stderr);
    let taken = config("right");
    assert!(taken.done && taken.stderr.contains("with 1 pack, 1 rule"), "{}", taken.stderr);
}

#[test]
fn the_schema_and_the_page_are_up_to_date() {
    let published = fs::read_to_string(root().join("docs/schemas/config.schema.json")).expect("the schema");
    let now = said(&lanner(&["config", "schema"], &[]).stdout);
    let command = "target/debug/lanner config schema >docs/schemas/config.schema.json";
    assert!(now == published, "docs/schemas/config.schema.json is stale: {command}");
    let schema: Value = serde_json::from_str(&published).expect("JSON");
    let page = fs::read_to_string(root().join("docs/configuration.md")).expect("the page");
    for key in KEYS {
        let change = if key.change == Change::Live { "live" } else { "after a restart" };
        let says = |line: &&str| line.contains(key.about) && line.ends_with(&format!("| {change} |"));
        let row = page.lines().find(says).unwrap_or_else(|| panic!("{} is not on the page as it is", key.name));
        assert!(key.puts.option().is_none_or(|option| row.contains(&format!("`{option}`"))), "{row}");
    }
    for key in OUTPUT {
        assert!(page.contains(&format!("| `{}` | {} |", key.name, key.about)), "{}", key.name);
    }
    let mut examples = 0;
    for file in ["docs/configuration.md", "docs/running.md"] {
        let page = fs::read_to_string(root().join(file)).expect("the page");
        for example in page.split("```toml\n").skip(1).filter_map(|rest| rest.split("\n```").next()) {
            Config::parse(Path::new("/etc/lanner/lanner.toml"), example)
                .unwrap_or_else(|error| panic!("{file}: {error}"));
            let value: Value = toml_to_json(example);
            assert_eq!(against(&schema, &schema, &value), Ok(()), "{file}");
            examples += 1;
        }
    }
    assert!(examples >= 1, "there are examples");
    // What is wrong is wrong for the schema too.
    for wrong in [
        "bufer = 1",
        "buffer = 0",
        "[limits]\nmemory = \"1\"",
        "[[output]]\ntype = \"file\"",
        "[labels]\n\"a-b\" = \"x\"",
    ] {
        assert!(against(&schema, &schema, &toml_to_json(wrong)).is_err(), "{wrong}");
    }
}

fn toml_to_json(text: &str) -> Value {
    let table: toml::Table = text.parse().expect("TOML");
    serde_json::to_value(table).expect("JSON has all of it")
}

/// Whether a value is as a schema has it, as far as this one goes (JSON Schema 2020-12).
fn against(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{what}: {value} is not as {schema}"));
    if schema == &Value::Bool(false) {
        return wrong("nothing may stand here");
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let at = root.pointer(reference.trim_start_matches('#')).expect("it leads somewhere");
        against(root, at, value)?;
    }
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        other => panic!("the type {other} is not known here"),
    };
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|one| is(one)) {
        return wrong("type");
    }
    if schema["enum"].as_array().is_some_and(|known| !known.contains(value)) {
        return wrong("enum");
    }
    if schema.get("const").is_some_and(|one| one != value) {
        return wrong("const");
    }
    if let Some(number) = value.as_i64() {
        let (least, most) = (schema["minimum"].as_i64(), schema["maximum"].as_i64());
        if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
            return wrong("range");
        }
    }
    if let Some(several) = schema["anyOf"].as_array()
        && !several.iter().any(|one| against(root, one, value).is_ok())
    {
        return wrong("anyOf");
    }
    if let (Some(condition), Some(then), Some(other)) = (schema.get("if"), schema.get("then"), schema.get("else")) {
        let next = if against(root, condition, value).is_ok() { then } else { other };
        against(root, next, value)?;
    }
    for item in value.as_array().into_iter().flatten() {
        against(root, &schema["items"], item)?;
    }
    let Some(members) = value.as_object() else { return Ok(()) };
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if required.into_iter().any(|name| !members.contains_key(name)) {
        return wrong("required");
    }
    for (name, member) in members {
        if schema["propertyNames"]["pattern"].is_string() && !lanner_config::is_label_name(name) {
            return wrong("propertyNames");
        }
        let own = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
        own.map_or(Ok(()), |own| against(root, own, member)).map_err(|why| format!("{name}: {why}"))?;
    }
    Ok(())
}
