//! containers/storage, in which Podman and CRI-O keep containers and images.

use serde_json::Value;

use super::place::{Json, Place, text};

/// Where it is: what lasts, and what goes when the machine does.
const FOLDERS: [&str; 2] = ["var/lib/containers/storage", "run/containers/storage"];
/// How it can keep them.
const DRIVERS: [&str; 3] = ["overlay", "vfs", "btrfs"];
/// Lists of containers: those that are to stay, and those of `--rm`.
const LISTS: [&str; 2] = ["containers.json", "volatile-containers.json"];

/// A file of a container.
pub(super) fn file(place: &Place, id: &str, name: &str) -> Option<Json> {
    paths("containers").find_map(|path| place.json(format!("{path}/{id}/userdata/{name}")))
}

/// What the lists say of a container.
pub(super) fn container(place: &Place, id: &str) -> Option<Value> {
    let lists = paths("containers").flat_map(|path| LISTS.map(|list| format!("{path}/{list}")));
    lists.into_iter().find_map(|list| entry(place, &list, id))
}

/// Digest of the manifest of an image with this id, or its id, which is the digest of its configuration.
pub(super) fn digest(place: &Place, image: &str) -> Option<String> {
    let id = image.strip_prefix("sha256:").unwrap_or(image);
    let kept = paths("images").find_map(|path| entry(place, &format!("{path}/images.json"), id));
    let digest = kept.as_ref().and_then(|image| text(&image["digest"])).map(str::to_owned);
    digest.or_else(|| (!id.is_empty()).then(|| format!("sha256:{id}")))
}

fn paths(of: &str) -> impl Iterator<Item = String> {
    FOLDERS.into_iter().flat_map(move |folder| DRIVERS.map(|driver| format!("{folder}/{driver}-{of}")))
}

fn entry(place: &Place, list: &str, id: &str) -> Option<Value> {
    match place.json(list)?.value {
        Value::Array(all) => all.into_iter().find(|one| one["id"] == id),
        _ => None,
    }
}
