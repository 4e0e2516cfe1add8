//! The answers for programs, version 1: fields may be added, none is taken away.

use serde_json::{Value, json};

use super::view::{FoundView, PackView, VersionView};

/// How many versions of each pack stand in a list. A pack's own answer has all, but rules only of the newest.
const VERSIONS: usize = 20;

/// A page of a list.
pub(super) fn list(found: &FoundView) -> Value {
    let packs: Vec<Value> = found.packs.iter().map(|pack| one(pack, VERSIONS)).collect();
    let next = found.next.as_ref().map(|query| format!("/api/v1/packs?{query}"));
    json!({ "building": found.building, "complete": found.complete, "packs": packs, "next": next })
}

/// A pack with all its versions.
pub(super) fn pack(pack: &PackView) -> Value {
    let mut answer = one(pack, 0);
    answer["versions"] = pack.versions.iter().map(signed).collect();
    answer
}

fn one(pack: &PackView, versions: usize) -> Value {
    json!({
        "repository": pack.repository.as_str(),
        "name": pack.name(),
        "latest": full(pack.newest()),
        "versions": pack.versions.iter().take(versions).map(brief).collect::<Vec<_>>(),
        "versions_total": pack.total,
    })
}

fn brief(version: &VersionView) -> Value {
    let listed = &version.listed;
    json!({
        "version": version.description().map(|said| &said.version),
        "digest": listed.version.digest.to_string(),
        "size": listed.version.size,
        "created": listed.version.created.map(|time| time.to_string()),
        "tags": listed.tags.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "signatures": listed.signatures.len(),
    })
}

fn signed(version: &VersionView) -> Value {
    let mut answer = brief(version);
    answer["verified"] = version.verified.into();
    answer["signers"] = version.signers.iter().map(AsRef::as_ref).collect();
    answer["pull"] = format!("lanner pack pull {}", version.locator).into();
    answer["pinned"] = version.pinned.clone().into();
    answer
}

fn full(version: &VersionView) -> Value {
    let mut answer = signed(version);
    answer["summary"] = version.description().map(|said| said.summary.clone()).into();
    answer["rules"] = json!(version.rules());
    answer["events"] = json!(version.events());
    answer
}
