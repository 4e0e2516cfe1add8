//! Pulling through: our registry as a mirror of others, that behave well and badly.

mod access;
mod blobs;
mod lists;
mod manifests;
mod peer;
mod scene;
#[path = "../support/mod.rs"]
mod support;
