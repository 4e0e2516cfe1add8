use std::fs;

use super::*;
use lanner_trust::Secret;

fn read(text: &str) -> Result<Config, String> {
    Config::parse(Path::new("/etc/lanner/lanner.toml"), text).map_err(|error| error.to_string())
}

fn texts(config: &Config, name: &str) -> Vec<String> {
    config.entry(name).map(Entry::shown).unwrap_or_default()
}

#[test]
fn all_that_can_be_said_is_read() {
    let config = read(
        r#"
        rules = ["rules", "oci://registry.example.org/team/linux:1"]
        wait_for_rules = true
        follow = "5m"
        tuning = "/srv/tuning"
        buffer = 32
        [labels]
        environment = "prod"
        [limits]
        deadline = "100ms"
        memory = 128
        [lists]
        folder = "lists"
        replace.ports = "ports.csv#port"
        add."starter/trusted-programs" = "oci://registry.example.org/team/programs:1"
        [pack.starter.settings]
        quiet = true
        most = 3
        programs = ["/bin/a", "/bin/b"]
        [control]
        socket = "/run/x.sock"
        [metrics]
        listen = "[::1]:9464"
        [log]
        level = "debug"
        [registry.login."registry.example.org:5000"]
        user = "host"
        password = { credential = "registry" }
        [[output]]
        type = "stdout"
        format = "text"
        [[output]]
        type = "file"
        path = "/var/log/lanner/findings.json"
        "#,
    )
    .expect("it is right");
    assert_eq!(texts(&config, "rules"), ["/etc/lanner/rules", "oci://registry.example.org/team/linux:1"]);
    assert_eq!(texts(&config, "lists.replace.ports"), ["/etc/lanner/ports.csv#port"]);
    assert_eq!(texts(&config, "pack.starter.settings.programs"), ["/bin/a,/bin/b"]);
    assert_eq!(texts(&config, "pack.starter.settings.quiet"), ["true"]);
    let login = config.entries_of("registry.login.*.password").next().expect("a login");
    assert_eq!(login.name.to_string(), "registry.login.\"registry.example.org:5000\".password");
    assert_eq!((login.shown(), &login.secret), (vec!["***".to_owned()], &Some(Secret::Credential("registry".into()))));
    let outputs: Vec<String> = config.outputs.iter().map(Output::shown).collect();
    assert_eq!(outputs, ["stdout, text", "file /var/log/lanner/findings.json, json"]);
    let said = &config.entry("limits.memory").expect("said").values[0];
    assert_eq!((said.text.as_str(), said.at.line), ("128", 11));
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_what_may_be_meant() {
    for (text, says) in [
        ("ruels = []", "/etc/lanner/lanner.toml:1:1: there is no key \"ruels\"; did you mean \"rules\"?"),
        ("[limits]\nmemroy = 1", ":2:1: there is no key \"memroy\" in `limits`; did you mean \"memory\"?"),
        ("rules = \"oci://bob:pass@registry.example/x:1\"", ":1:9: `rules` has a user or a password in an address"),
        ("[limts]\nmemory = 1", ":1:2: there is no key \"limts\"; did you mean \"limits\"?"),
        ("[limits]\nmemory = 0", ":2:10: `limits.memory` takes a whole number from 1 to 4096, and not the number 0"),
        ("[limits]\nmemory = \"64\"", "and not the text \"64\""),
        ("follow = \"1ms\"", "at least 1s"),
        ("[limits]\ndeadline = \"soon\"", "takes a time such as 250ms"),
        ("[log]\nlevel = \"wran\"", "cannot be \"wran\"; did you mean \"warn\"?"),
        ("[metrics]\nlisten = \"9464\"", "takes an address with a port"),
        ("[labels]\n\"a-b\" = \"x\"", ":2:1: a label is called by letters"),
        ("[labels]\na = \"\\n\"", "all of which can be seen"),
        ("labels = 3", "`labels` takes a table of keys"),
        ("locked = true", "`locked` needs `lock`"),
        ("pinned = true", "`pinned` needs `lock`"),
        ("archive = \"packs.tar\"", "`archive` needs `lock`"),
        ("wait_for_rules = true\nreload = false", ":1:18: `wait_for_rules` needs `reload`"),
        ("[pack.a.settings]\nx = [\"a,b\"]", "cannot have a comma"),
        ("[pack.a.settings]\nx = 1.5", "and not the number 1.5"),
        ("[pack.a]\nsetings.x = 1", "did you mean \"settings\"?"),
        ("[output]\ntype = \"file\"", "tables, each written [[output]]"),
        ("[[output]]\ntype = \"fiel\"", "did you mean \"file\"?"),
        ("[[output]]\ntype = \"file\"", "has a `path`"),
        ("[[output]]\ntype = \"stdout\"\npath = \"x\"", ":3:8: an output of type stdout has no `path`"),
        ("[[output]]\ntpye = \"file\"", "did you mean \"type\"?"),
        ("[registry.login.\"h\"]\npassword = \"hunter2\"", "a secret itself does not stand here"),
        ("[registry.login.\"h\"]\nuser = \"u\"", "`registry.login.h.password` is missing"),
        ("a = = 1", ":1:5: "),
    ] {
        let error = read(text).expect_err(text);
        assert!(error.contains(says) && !error.contains("hunter2"), "{text}: {error}");
    }
}

#[test]
fn later_files_count_for_more_and_lists_grow() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
    fs::create_dir(folder.path().join(FOLDER)).expect("a folder");
    let place = Place::new(folder.path());
    assert!(matches!(place.read(), Err(ConfigError::Nothing { .. })));
    write("lanner.toml", "rules = [\"/a\"]\nbuffer = 1\n[labels]\nfirst = \"1\"\n[[output]]\ntype = \"stdout\"\n");
    write("conf.d/20-b.toml", "rules = [\"/c\"]\nbuffer = 3\n");
    write("conf.d/10-a.toml", "rules = \"/b\"\nbuffer = 2\n[labels]\nsecond = \"2\"\n[[output]]\ntype = \"stdout\"\n");
    write("conf.d/.hidden.toml", "nonsense");
    write("conf.d/readme.txt", "nonsense");
    let before = place.stamp();
    let config = place.read().expect("it is right");
    assert_eq!(texts(&config, "rules"), ["/a", "/b", "/c"]);
    assert_eq!(texts(&config, "buffer"), ["3"]);
    assert_eq!(config.entries_of("labels.*").count(), 2);
    assert_eq!((config.outputs.len(), config.files.len()), (2, 3));
    assert!(config.entry("buffer").expect("said").values[0].to_string().ends_with("conf.d/20-b.toml:2:10"));
    assert_eq!(place.stamp(), before);
    write("conf.d/30-c.toml", "buffer = 4\n[labels]\nfirst = \"one\"\n");
    assert_ne!(place.stamp(), before);
    let after = place.read().expect("it is right");
    let names: Vec<String> = config.differences(&after).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["buffer", "labels.first"]);
    write("conf.d/30-c.toml", "bufer = 4");
    let error = place.read().expect_err("it is wrong").to_string();
    assert!(error.contains("30-c.toml:1:1: there is no key \"bufer\"; did you mean \"buffer\"?"), "{error}");
}

#[test]
fn what_others_may_write_is_not_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("any.toml");
    fs::write(&file, "").expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).expect("its mode");
    assert!(Place::new(&file).read().expect_err("refused").to_string().contains("chmod go-w"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("its mode");
    assert!(Place::new(&file).read().is_ok());
}

#[test]
fn there_is_an_end_to_how_much_can_be_said() {
    let labels: String = (0..=MAX_LABELS).map(|number| format!("l{number} = \"x\"\n")).collect();
    assert!(read(&format!("[labels]\n{labels}")).expect_err("too many").contains("33 labels"));
    let rules: Vec<String> = (0..=MAX_VALUES).map(|number| format!("\"/{number}\"")).collect();
    assert!(read(&format!("rules = [{}]", rules.join(","))).expect_err("too many").contains("values"));
}
