//! Podman, root's.
//!
//! Name and image stand in the lists of containers/storage, what it may do in its OCI specification. Labels and Podman's pods
//! stand in its database only, and are not known.

use serde_json::Value;

use super::facts::Facts;
use super::place::{Place, text};
use super::{spec, storage};

pub(super) fn read(place: &Place, id: &str) -> Option<Facts> {
    let kept = storage::container(place, id);
    let found = storage::file(place, id, "config.json");
    if kept.is_none() && found.is_none() {
        return None;
    }
    let mut facts = Facts::new("podman");
    if let Some(kept) = kept {
        let more: Value = text(&kept["metadata"]).and_then(|more| serde_json::from_str(more).ok()).unwrap_or_default();
        facts.name = text(&kept["names"][0]).or(text(&more["name"])).map(str::to_owned);
        facts.image = text(&more["image-name"]).map(str::to_owned);
        facts.digest = text(&kept["image"]).or(text(&more["image-id"])).and_then(|id| storage::digest(place, id));
    }
    if let Some(found) = found {
        let said = spec::annotation(&found.value, "io.podman.annotations.privileged");
        facts.privileged = match said {
            Some("TRUE") => Some(true),
            Some("FALSE") => Some(false),
            _ => spec::privileged(&found.value),
        };
        facts.mounts = spec::mounts(&found.value, &[Some(id)]);
        // It is written when the container is started.
        facts.started = found.written;
    }
    Some(facts)
}
