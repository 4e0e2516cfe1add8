//! Other registries, pulled through and kept.

use serde::Deserialize;

/// A registry to pull through.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MirrorConfig {
    /// Which repositories it stands behind: `upstream` for all below `upstream/`.
    pub prefix: String,
}
