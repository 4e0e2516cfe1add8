//! What the OCI runtime specification of a container says (`config.json` of its bundle).

use serde_json::Value;

use super::facts::Mount;
use super::place::text;

/// Capabilities of those that may do with the machine what they like. Others are not asked for: a runtime gives those that it
/// knows and has itself, and each kernel knows more of them.
const OF_PRIVILEGED: [&str; 8] = [
    "CAP_DAC_READ_SEARCH",
    "CAP_MKNOD",
    "CAP_NET_ADMIN",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_MODULE",
    "CAP_SYS_PTRACE",
    "CAP_SYS_RAWIO",
];

pub(super) fn annotation<'a>(spec: &'a Value, name: &str) -> Option<&'a str> {
    text(&spec["annotations"][name])
}

/// Whether the container may do all that the host's root may. No specification says so; what all runtimes do for such a
/// container is to leave it the [capabilities](OF_PRIVILEGED) in its bounding set, to hide nothing of `/proc` and `/sys` from it
/// (`maskedPaths`), nor to make it unwritable (`readonlyPaths`), and to give it no user namespace, in which it would be root over
/// nothing. System call filters and devices do not count: Kubernetes can give either to privileged containers, or not.
pub(super) fn privileged(spec: &Value) -> Option<bool> {
    let bounding = spec["process"]["capabilities"]["bounding"].as_array()?;
    let linux = spec["linux"].as_object()?;
    let free = |name: &str| linux.get(name).and_then(Value::as_array).is_none_or(Vec::is_empty);
    let is_user = |namespace: &Value| namespace["type"] == "user";
    let own_users = linux.get("namespaces").and_then(Value::as_array).is_some_and(|all| all.iter().any(is_user));
    let all = OF_PRIVILEGED.iter().all(|name| bounding.iter().any(|has| has == name));
    Some(all && free("maskedPaths") && free("readonlyPaths") && !own_users)
}

/// What of the host is mounted. Files that the runtime made for the container itself, such as its `/etc/hosts`, are not the
/// host's: they lie in folders that are called by its id, or its pod's, which nobody knew before it was there.
pub(super) fn mounts(spec: &Value, own: &[Option<&str>]) -> Option<Vec<Mount>> {
    let mount = |mount: &Value| {
        let (source, destination) = (text(&mount["source"])?, text(&mount["destination"])?);
        let options: Vec<&str> = mount["options"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let bound = mount["type"] == "bind" || options.iter().any(|option| matches!(*option, "bind" | "rbind"));
        let is_own = source.split('/').any(|part| own.contains(&Some(part)));
        // The last one counts.
        let access = options.iter().rev().find(|option| matches!(**option, "ro" | "rro" | "rw"));
        let writable = access.is_none_or(|option| *option == "rw");
        (bound && !is_own && source.starts_with('/')).then(|| Mount {
            source: source.to_owned(),
            destination: destination.to_owned(),
            writable,
        })
    };
    Some(spec["mounts"].as_array()?.iter().filter_map(mount).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec() -> Value {
        json!({
            "process": {"capabilities": {"bounding": OF_PRIVILEGED}},
            "linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}]},
        })
    }

    #[test]
    fn a_privileged_one_lacks_nothing() {
        assert_eq!(privileged(&spec()), Some(true));
        let mut one = spec();
        one["linux"]["maskedPaths"] = json!([]);
        one["linux"]["readonlyPaths"] = Value::Null;
        assert_eq!(privileged(&one), Some(true));
        one["linux"]["maskedPaths"] = json!(["/proc/kcore"]);
        assert_eq!(privileged(&one), Some(false));
        let mut one = spec();
        one["linux"]["readonlyPaths"] = json!(["/proc/sys"]);
        assert_eq!(privileged(&one), Some(false));
        let mut one = spec();
        one["linux"]["namespaces"] = json!([{"type": "pid"}, {"type": "user"}]);
        assert_eq!(privileged(&one), Some(false));
        let mut one = spec();
        one["process"]["capabilities"]["bounding"] = json!(OF_PRIVILEGED[1..]);
        assert_eq!(privileged(&one), Some(false));
        one["process"] = json!(7);
        assert_eq!(privileged(&one), None);
        assert_eq!(privileged(&json!({"process": spec()["process"], "linux": []})), None);
    }

    #[test]
    fn only_what_is_the_hosts_is_a_mount() {
        let spec = json!({"mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid"]},
            {"destination": "/in", "type": "bind", "source": "/srv/in", "options": ["rbind", "ro", "rprivate"]},
            {"destination": "/out", "type": "none", "source": "/srv/out", "options": ["rw", "bind"]},
            {"destination": "/both", "type": "bind", "source": "/srv/both", "options": ["ro", "rw"]},
            {"destination": "/bare", "type": "bind", "source": "/srv/bare"},
            {"destination": "/all", "type": "bind", "source": "/srv/all", "options": ["rbind", "rro", 7]},
            {"destination": "/etc/hosts", "type": "bind", "source": "/var/lib/abc/hosts", "options": ["bind"]},
            {"destination": "/dev/shm", "type": "bind", "source": "/run/def/shm", "options": ["bind"]},
            {"destination": "/rel", "type": "bind", "source": "rel"},
            {"destination": 1, "type": "bind", "source": "/x"},
            "no mount",
        ]});
        let found = mounts(&spec, &[Some("abc"), Some("def"), None]).expect("mounts");
        let found: Vec<_> = found.iter().map(|one| (one.source.as_str(), one.writable)).collect();
        let expected =
            [("/srv/in", false), ("/srv/out", true), ("/srv/both", true), ("/srv/bare", true), ("/srv/all", false)];
        assert_eq!(found, expected);
        assert_eq!(mounts(&json!({"mounts": {}}), &[]), None);
        assert_eq!(mounts(&json!([]), &[]), None);
    }
}
