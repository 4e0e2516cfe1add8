//! Fields of findings, by the names that they have in JSON.

use lanner_abi::{CONTAINER, Kind, LABEL};
use lanner_json::nearest;
use serde_json::Value;

/// Of a finding itself.
const OWN: [&str; 8] = ["severity", "attack", "message", "key", "host", "self_test", "pack.name", "pack.version"];
/// Of its process.
const PROCESS: [&str; 13] =
    ["pid", "exe", "comm", "args", "cwd", "script", "user", "uid", "euid", "gid", "login_uid", "cgroup", "ppid"];
/// Of its ancestors.
const ANCESTOR: [&str; 3] = ["pid", "name", "exe"];
/// Of whatever event.
const EVENT: [&str; 2] = ["kind", "result"];
/// What anybody who runs a program can choose.
const CHOSEN: [&str; 6] = ["message", "key", "process.comm", "process.args", "process.cwd", "lineage.name"];

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field(Vec<String>);

impl Field {
    /// By its name.
    ///
    /// # Errors
    /// There is no field of this name; it says which may be meant.
    pub fn new(name: &str) -> Result<Self, String> {
        // `process.container.image` is what JSON calls it.
        let name = name.strip_prefix("process.").filter(|rest| rest.starts_with("container.")).unwrap_or(name);
        let parts = |name: &str| name.split('.').map(str::to_owned).collect::<Vec<_>>();
        for head in open() {
            let rest = name.strip_prefix(&head).and_then(|rest| rest.strip_prefix('.'));
            if let Some(own) = rest.filter(|own| !own.is_empty()) {
                return Ok(Self(parts(&head).into_iter().chain([own.to_owned()]).collect()));
            }
        }
        if known().any(|known| known == name) {
            return Ok(Self(parts(name)));
        }
        let known: Vec<String> = known().collect();
        Err(match nearest(name, known.iter().map(String::as_str)) {
            Some(meant) => format!("findings have no field {name:?}; is {meant:?} meant?"),
            None => format!(
                "findings have no field {name:?}; there are those of process, parent, lineage, container and event, \
                 fields.NAME, labels.NAME, and {}",
                OWN.join(", ")
            ),
        })
    }

    /// Its name, in parts.
    pub(crate) fn parts(&self) -> &[String] {
        &self.0
    }

    /// All its values in a finding: several where it is a list, or a field of each of several.
    pub fn values<'a>(&self, finding: &'a Value) -> Vec<&'a Value> {
        let (mut values, parts) = match self.0[0].as_str() {
            "container" => (vec![&finding["process"]["container"]], &self.0[1..]),
            "parent" => (vec![&finding["lineage"][0]], &self.0[1..]),
            _ => (vec![finding], &self.0[..]),
        };
        for part in parts {
            values = values.into_iter().flat_map(items).filter_map(|value| part_of(value, part)).collect();
        }
        values.into_iter().flat_map(items).filter(|value| !value.is_null()).collect()
    }

    /// Whether whoever runs a program chooses what it is.
    pub(crate) fn is_chosen(&self) -> bool {
        let name = self.to_string();
        self.0[0] == "fields" || CHOSEN.contains(&name.as_str())
    }
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// What an object has under a name; what others have named may be an object itself.
fn part_of<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.get(name).or_else(|| {
        let (name, inner) = name.split_once('.')?;
        value.get(name)?.get(inner)
    })
}

/// The items of a list, or what is none.
fn items(value: &Value) -> std::slice::Iter<'_, Value> {
    match value {
        Value::Array(items) => items.iter(),
        value => std::slice::from_ref(value).iter(),
    }
}

/// What has names that others give.
fn open() -> impl Iterator<Item = String> {
    let labels = CONTAINER.fields.iter().filter(|field| field.of.is_some_and(|of| of.name == LABEL.name));
    ["fields", "labels"].map(str::to_owned).into_iter().chain(labels.map(|field| format!("container.{}", field.name)))
}

/// The names of all fields that are always called so.
fn known() -> impl Iterator<Item = String> {
    let of =
        |head: &'static str, names: &'static [&'static str]| names.iter().map(move |name| format!("{head}.{name}"));
    // Of what a container has several of, each has fields of its own; labels have names of their own instead.
    let containers = CONTAINER.fields.iter().flat_map(|field| match field.of {
        None => vec![format!("container.{}", field.name)],
        Some(of) if of.name == LABEL.name => Vec::new(),
        Some(of) => of.fields.iter().map(|inner| format!("container.{}.{}", field.name, inner.name)).collect(),
    });
    let payloads = Kind::ALL.iter().flat_map(|kind| kind.record().fields).filter(|field| field.shown);
    OWN.iter()
        .map(|name| (*name).to_owned())
        .chain(of("process", &PROCESS))
        .chain(of("parent", &ANCESTOR))
        .chain(of("lineage", &ANCESTOR))
        .chain(containers)
        .chain(of("event", &EVENT))
        .chain(payloads.map(|field| format!("event.{}", field.json)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_those_of_the_json() {
        let finding = json!({
            "severity": "high", "attack": ["T1", "T2"], "pack": {"name": "p"},
            "process": {"exe": "/bin/a", "uid": 0, "args": ["a", "-b"],
                "container": {"image": "nginx:1", "started": "2026-11-30T20:58:30Z", "labels": {"app": "web", "a.b": "c"}, "mounts": [{"source": "/x"}, {"source": "/y"}]}},
            "lineage": [{"exe": "/bin/sh", "name": "sh"}, {"exe": "/sbin/init", "name": "init"}],
            "event": {"kind": "open", "path": "/etc/shadow", "result": 3},
            "fields": {"peer": "192.0.2.1:443", "paths": ["/a", "/b"], "other": {"exe": "/bin/b"}},
        });
        for (name, expected) in [
            ("severity", json!(["high"])),
            ("attack", json!(["T1", "T2"])),
            ("pack.name", json!(["p"])),
            ("process.exe", json!(["/bin/a"])),
            ("process.args", json!(["a", "-b"])),
            ("process.container.image", json!(["nginx:1"])),
            ("container.image", json!(["nginx:1"])),
            ("container.labels.app", json!(["web"])),
            ("container.labels.a.b", json!(["c"])),
            ("container.labels.other", json!([])),
            ("container.mounts.source", json!(["/x", "/y"])),
            ("container.started", json!(["2026-11-30T20:58:30Z"])),
            ("parent.exe", json!(["/bin/sh"])),
            ("lineage.exe", json!(["/bin/sh", "/sbin/init"])),
            ("event.path", json!(["/etc/shadow"])),
            ("event.result", json!([3])),
            ("fields.peer", json!(["192.0.2.1:443"])),
            ("fields.paths", json!(["/a", "/b"])),
            ("fields.other.exe", json!(["/bin/b"])),
            ("key", json!([])),
        ] {
            let field = Field::new(name).expect(name);
            assert_eq!(json!(field.values(&finding)), expected, "{name}");
        }
        assert_eq!(Field::new("process.exe").expect("a field").values(&json!({})), Vec::<&Value>::new());
        assert_eq!(Field::new("container.mounts.source").expect("a field").values(&json!(null)), Vec::<&Value>::new());
    }

    #[test]
    fn what_is_no_field_is_said_with_what_may_be_meant() {
        assert_eq!(
            Field::new("proces.exe").expect_err("none"),
            "findings have no field \"proces.exe\"; is \"process.exe\" meant?"
        );
        assert!(Field::new("event.pth").expect_err("none").ends_with("is \"event.path\" meant?"));
        assert!(Field::new("fields").is_err() && Field::new("fields.").is_err() && Field::new("event").is_err());
        assert!(Field::new("wholly.different.thing").expect_err("none").contains("there are those of process, parent"));
    }
}
