use lanner_trust::Secret;

use super::*;

const ALL: &str = r#"
[spool]
folder = "/var/lib/lanner/spool"
bytes = "512MiB"
age = "3d"
power_safe = true

[[sink]]
name = "archive"
type = "file"
path = "/var/log/lanner/findings.json"
rotate_bytes = "100MiB"
rotate_every = "1d"
keep = 7
gzip = true

[[sink]]
name = "siem"
type = "webhook"
policy = "spool"
url = { file = "/etc/lanner/url" }
headers = { X-Team = "red", X-Key = { credential = "key" } }
bearer = { file = "/etc/lanner/token" }
body = "lines"
gzip = true
timeout = "5s"
signature = { secret = { credential = "hmac" } }

[[sink]]
name = "es"
type = "opensearch"
url = "https://search:9200"
basic = { user = "lanner", password = { file = "/p" } }
index = "lanner"

[[sink]]
name = "log"
type = "syslog"
url = "tls://log:6514"
facility = "authpriv"
policy = "block"
batch = 10

[[sink]]
name = "page"
type = "pagerduty"
routing_key = { file = "/etc/lanner/pagerduty" }
"#;

#[test]
fn what_is_said_is_taken_as_it_is() {
    let sinks: Sinks = toml::from_str(ALL).expect("it is read");
    sinks.check().expect("it is well");
    assert_eq!((sinks.spool.bytes, sinks.spool.age), (512 << 20, Duration::from_secs(3 * 86_400)));
    assert_eq!(sinks.spool.options().durability, Durability::Full);
    let policies: Vec<Policy> = sinks.sinks.iter().map(|sink| sink.policy).collect();
    let spool = [Policy::DropOldest, Policy::Spool, Policy::DropOldest, Policy::Block, Policy::DropOldest];
    assert_eq!(policies, spool);
    let To::Webhook(http, webhook) = &sinks.sinks[1].to else { panic!("{:?}", sinks.sinks[1]) };
    assert_eq!((http.timeout, http.gzip, webhook.body), (Duration::from_secs(5), true, Body::Lines));
    assert_eq!(webhook.signature.as_ref().expect("one").header, "Lanner-Signature");
    let To::PagerDuty(http, _) = &sinks.sinks[4].to else { panic!("{:?}", sinks.sinks[4]) };
    assert_eq!(http.url.read().expect("a text").reveal(), PagerDuty::URL);
    let To::File(file) = &sinks.sinks[0].to else { panic!("{:?}", sinks.sinks[0]) };
    assert_eq!((file.rotate_bytes, file.keep), (Some(100 << 20), 7));
}

#[test]
fn what_is_wrong_is_named() {
    let sink = |text: &str| format!("[[sink]]\n{text}");
    let cases = [
        (sink("type = \"file\"\npath = \"/x\""), "missing field `name`"),
        (sink("name = \"a b\"\ntype = \"file\"\npath = \"/x\""), "a name has letters"),
        (sink("name = \"a\"\ntype = \"fiel\"\npath = \"/x\""), "there is no type \"fiel\", is file meant?"),
        (sink("name = \"a\"\ntype = \"file\"\npath = \"/x\"\nkept = 3"), "sink \"a\": unknown field `kept`"),
        (sink("name = \"a\"\ntype = \"webhook\"\nurl = \"http://x\"\ntoken = \"t\""), "unknown field `token`"),
        (sink("name = \"a\"\ntype = \"webhook\""), "missing field `url`"),
        (sink("name = \"a\"\ntype = \"webhook\"\nurl = \"http://x\"\nbearer = \"s3cret\""), "sink \"a\""),
        (sink("name = \"a\"\ntype = \"file\"\npath = \"/x\"\npolicy = \"drop\""), "unknown variant `drop`"),
        (sink("name = \"a\"\ntype = \"file\"\npath = \"/x\"\nbatch = 0"), "1 to 4096 findings are sent at once"),
        (sink("name = \"a\"\ntype = \"file\"\npath = \"/x\"\nrotate_bytes = \"1GB\""), "write it like 64MiB"),
        (sink("name = \"a\"\ntype = \"syslog\"\nurl = \"udp://x\"\ntimeout = \"0s\""), "it is no time at all"),
        ("[spool]\nsize = 1".to_owned(), "unknown field `size`"),
        ("[sink]\nname = \"a\"".to_owned(), "invalid type"),
    ];
    for (text, expected) in cases {
        let error = toml::from_str::<Sinks>(&text).expect_err(&text).to_string();
        assert!(error.contains(expected), "{text}\n{error}");
        assert!(!error.contains("s3cret\"") || text.contains("bearer"), "{error}");
    }
    let one = sink("name = \"a\"\ntype = \"file\"\npath = \"/x\"\n");
    let twice: Sinks = toml::from_str(&(one.clone() + &one)).expect("it is read");
    assert_eq!(twice.check().expect_err("one name"), "two sinks are called a: give each a name of its own");
}

#[test]
fn a_file_that_others_may_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sinks.toml");
    std::fs::write(&path, ALL).expect("written");
    assert_eq!(Sinks::read(&path).expect("it is read").sinks.len(), 5);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).expect("set");
    assert!(matches!(Sinks::read(&path), Err(SettingsError::Read { .. })));
}

#[test]
fn paths_go_from_the_folder_of_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sinks.toml");
    let text = "[spool]\nfolder = \"spool\"\n[[sink]]\nname = \"a\"\ntype = \"file\"\npath = \"findings.json\"\n\
                [[sink]]\nname = \"b\"\ntype = \"splunk\"\nurl = { file = \"url\" }\ntoken = { file = \"/token\" }\n\
                certificates = \"ca.pem\"\n[[sink]]\nname = \"c\"\ntype = \"webhook\"\nurl = \"http://x\"\n\
                bearer = { credential = \"bearer\" }\nsignature = { secret = { file = \"key\" } }\n";
    std::fs::write(&path, text).expect("written");
    let sinks = Sinks::read(&path).expect("it is read");
    let at = |name: &str| folder.path().join(name);
    assert_eq!(sinks.spool.folder, at("spool"));
    let [file, splunk, webhook] = &sinks.sinks[..] else { panic!("three") };
    assert!(matches!(&file.to, To::File(file) if file.path == at("findings.json")));
    let To::Splunk(http, splunk) = &splunk.to else { panic!("{splunk:?}") };
    assert!(matches!(&http.url, PlainOrSecret::Secret(Secret::File(path)) if *path == at("url")));
    assert_eq!((&splunk.token, &http.tls.certificates), (&Secret::File("/token".into()), &Some(at("ca.pem"))));
    let To::Webhook(http, webhook) = &webhook.to else { panic!("{webhook:?}") };
    assert_eq!(http.bearer, Some(Secret::Credential("bearer".into())));
    assert_eq!(webhook.signature.as_ref().expect("one").secret, Secret::File(at("key")));
}
