//! Files that events are about.

use serde_json::Value;

use super::{at, file_name, kind, string};

/// The file that the event is about; of one that is renamed or linked, what it is called then.
pub(in super::super) fn path(finding: &Value) -> Option<Value> {
    let name = match kind(finding) {
        "rename" | "link" => "new_path",
        "pivot_root" => "new_root",
        // There it is a socket's.
        "connect" | "connect_end" | "bind" | "listen" | "accept" | "send" | "dup" => return None,
        _ => "path",
    };
    string(finding, &format!("/event/{name}")).map(Value::from)
}

/// What it was called before.
pub(in super::super) fn old_path(finding: &Value) -> Option<Value> {
    let is_so = matches!(kind(finding), "rename" | "link");
    is_so.then(|| string(finding, "/event/old_path")).flatten().map(Value::from)
}

/// What a link leads to.
pub(in super::super) fn link_target(finding: &Value) -> Option<Value> {
    (kind(finding) == "symlink").then(|| string(finding, "/event/target")).flatten().map(Value::from)
}

/// The name of the file alone.
pub(in super::super) fn path_name(finding: &Value) -> Option<Value> {
    path(finding)?.as_str().and_then(file_name).map(Value::from)
}

/// The folder that the file is in.
pub(in super::super) fn path_folder(finding: &Value) -> Option<Value> {
    let path = path(finding)?;
    let (folder, _) = path.as_str()?.trim_end_matches('/').rsplit_once('/')?;
    Some(if folder.is_empty() { "/" } else { folder }.into())
}

/// What stands behind the last dot of the file's name.
pub(in super::super) fn path_extension(finding: &Value) -> Option<Value> {
    let name = path_name(finding)?;
    let (stem, extension) = name.as_str()?.rsplit_once('.')?;
    (!stem.is_empty() && !extension.is_empty()).then(|| extension.into())
}

/// Permissions that are given, in octal.
pub(in super::super) fn mode(finding: &Value) -> Option<Value> {
    let is_so = matches!(kind(finding), "chmod" | "mkdir" | "mknod");
    let mode = at(finding, "/event/mode").filter(|_| is_so)?.as_u64()?;
    Some(format!("{:04o}", mode & 0o7777).into())
}
