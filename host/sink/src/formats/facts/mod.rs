//! What formats ask of a finding that does not stand in its JSON as it is: names of files, sides of connections, who acts.

mod connections;
mod files;

use serde_json::Value;

pub(super) use connections::*;
pub(super) use files::*;

/// Ancestors beyond the parent that are told.
const ANCESTORS: usize = 8;

/// The value at a pointer (RFC 6901), where there is one.
pub(super) fn at<'a>(finding: &'a Value, pointer: &str) -> Option<&'a Value> {
    finding.pointer(pointer).filter(|value| !value.is_null())
}

/// A value as a text. Bytes that are no UTF-8 (`{"hex": "2fff"}`) are as Lanner's JSON has texts: with U+FFFD.
pub(super) fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Object(object) => String::from_utf8_lossy(&bytes(object.get("hex")?.as_str()?)?).into_owned(),
        Value::Null | Value::Array(_) => return None,
    };
    Some(text).filter(|text| !text.is_empty())
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = hex.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// A value as a text whatever it is: lists with commas, objects as JSON.
pub(super) fn any_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Array(_) => Some(texts(value).join(",")).filter(|text| !text.is_empty()),
        value => text(value).or_else(|| value.is_object().then(|| value.to_string())),
    }
}

/// The texts of a list, or of the only value that it is.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(any_text).collect(),
        value => text(value).into_iter().collect(),
    }
}

/// Ids of techniques of ATT&CK.
pub(super) fn techniques(finding: &Value) -> Vec<String> {
    let mut ids = at(finding, "/attack").map(texts).unwrap_or_default();
    ids.retain(|id| id.split('.').all(|part| !part.is_empty()));
    ids
}

fn string(finding: &Value, pointer: &str) -> Option<String> {
    at(finding, pointer).and_then(text)
}

fn kind(finding: &Value) -> &str {
    finding["event"]["kind"].as_str().unwrap_or_default()
}

/// The last part of a path.
fn file_name(path: &str) -> Option<&str> {
    path.trim_end_matches('/').rsplit('/').next().filter(|name| !name.is_empty())
}

/// The name of the program's file; where that is not known, the kernel's name of the process.
pub(super) fn program(finding: &Value) -> Option<Value> {
    let exe = string(finding, "/process/exe");
    let name = exe.as_deref().and_then(file_name).map(str::to_owned);
    name.or_else(|| string(finding, "/process/comm")).map(Value::from)
}

/// The arguments with spaces between them.
pub(super) fn command_line(finding: &Value) -> Option<Value> {
    let arguments = texts(at(finding, "/process/args")?);
    (!arguments.is_empty()).then(|| arguments.join(" ").into())
}

/// As Falco has it: the kernel's name, and the arguments behind the first.
pub(super) fn falco_command_line(finding: &Value) -> Option<Value> {
    let name = string(finding, "/process/comm")?;
    let arguments = at(finding, "/process/args").map(texts).unwrap_or_default();
    let line: Vec<&str> = std::iter::once(&*name).chain(arguments.iter().skip(1).map(String::as_str)).collect();
    Some(line.join(" ").into())
}

/// The arguments behind the first.
pub(super) fn behind_the_first(finding: &Value) -> Option<Value> {
    let arguments = texts(at(finding, "/process/args")?);
    (arguments.len() > 1).then(|| arguments.get(1..).unwrap_or_default().join(" ").into())
}

/// How many arguments there are.
pub(super) fn arguments(finding: &Value) -> Option<Value> {
    Some(at(finding, "/process/args")?.as_array()?.len().into())
}

/// The working directory with a `/` at its end.
pub(super) fn slashed_cwd(finding: &Value) -> Option<Value> {
    let cwd = string(finding, "/process/cwd")?;
    Some(if cwd.ends_with('/') { cwd } else { cwd + "/" }.into())
}

/// The name of whom the process acts as: known where that is who it is, or root.
pub(super) fn effective_user(finding: &Value) -> Option<Value> {
    let (uid, euid) = (at(finding, "/process/uid")?.as_u64()?, at(finding, "/process/euid")?.as_u64()?);
    match (uid == euid, euid) {
        (true, _) => string(finding, "/process/user").map(Value::from),
        (false, 0) => Some("root".into()),
        (false, _) => None,
    }
}

/// The names of the ancestors beyond the parent, nearest first.
pub(super) fn ancestors(finding: &Value) -> impl Iterator<Item = &Value> {
    at(finding, "/lineage").and_then(Value::as_array).into_iter().flatten().skip(1).take(ANCESTORS)
}

/// The names of all ancestors, the nearest first.
pub(super) fn lineage(finding: &Value) -> Option<Value> {
    let line = at(finding, "/lineage")?.as_array()?;
    let names: Vec<Value> = line.iter().filter_map(|each| text(&each["name"]).map(Value::from)).collect();
    (!names.is_empty()).then(|| names.into())
}

/// A container's id as tools of runtimes show it.
pub(super) fn short_id(finding: &Value) -> Option<Value> {
    let id = string(finding, "/process/container/id")?;
    Some(id.chars().take(12).collect::<String>().into())
}

/// The image without its tag, where that is known by itself.
pub(super) fn image_name(finding: &Value) -> Option<Value> {
    let of = |name| string(finding, &format!("/process/container/{name}"));
    of("image_repository").or_else(|| of("image")).map(Value::from)
}

/// What tells the image: its digest, or its name.
pub(super) fn image_id(finding: &Value) -> Option<Value> {
    let of = |name| string(finding, &format!("/process/container/{name}"));
    of("image_digest").or_else(|| of("image")).map(Value::from)
}

/// Namespace and name of the pod.
pub(super) fn pod(finding: &Value) -> Option<Value> {
    let name = string(finding, "/process/container/pod")?;
    let namespace = string(finding, "/process/container/namespace");
    Some(namespace.map_or_else(|| name.clone(), |namespace| format!("{namespace}/{name}")).into())
}

/// The pod's uid where it is a UUID; those of static pods are not.
pub(super) fn pod_uuid(finding: &Value) -> Option<Value> {
    let uid = string(finding, "/process/container/pod_uid")?;
    let parts: Vec<&str> = uid.split('-').collect();
    let is_hex = uid.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    (is_hex && parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])).then(|| uid.into())
}

/// Mounts as `source:destination:rw`.
pub(super) fn mounts(finding: &Value) -> Option<Value> {
    let mounts = at(finding, "/process/container/mounts")?.as_array()?;
    let written = |mount: &Value| {
        let way = if mount["writable"] == true { "rw" } else { "ro" };
        Some(format!("{}:{}:{way}", text(&mount["source"])?, text(&mount["destination"])?).into())
    };
    Some(Value::Array(mounts.iter().filter_map(written).collect()))
}

/// Labels as `name:value`.
fn pairs(finding: &Value, pointer: &str, separator: &str) -> Option<Value> {
    let labels = at(finding, pointer)?.as_object()?;
    let written = |(name, value): (&String, &Value)| Some(format!("{name}{separator}{}", any_text(value)?).into());
    Some(Value::Array(labels.iter().filter_map(written).collect())).filter(|labels| labels != &Value::Array(Vec::new()))
}

/// Labels of the container.
pub(super) fn labels(finding: &Value) -> Option<Value> {
    pairs(finding, "/process/container/labels", ":")
}

/// Labels of the pod.
pub(super) fn pod_labels(finding: &Value) -> Option<Value> {
    pairs(finding, "/process/container/pod_labels", ":")
}

/// Labels of the host.
pub(super) fn host_labels(finding: &Value) -> Option<Value> {
    pairs(finding, "/labels", ":")
}

/// Name and version of the pack.
pub(super) fn pack(finding: &Value) -> Option<Value> {
    let name = string(finding, "/pack/name")?;
    let version = string(finding, "/pack/version");
    Some(version.map_or_else(|| name.clone(), |version| format!("{name} {version}")).into())
}

/// Said of what the host's own self-test did.
pub(super) fn self_test(finding: &Value) -> Option<Value> {
    (finding["self_test"] == true).then(|| "self-test".into())
}
