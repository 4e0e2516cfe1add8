//! What the registry knows of rule packs.

use serde::Deserialize;

/// What is asked of packs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PacksConfig {}
