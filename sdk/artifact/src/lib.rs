//! What a rule pack is as an OCI artifact: one WebAssembly component in the layout that the CNCF gives to such, with what
//! the pack says of itself beside it, so that a registry can tell what is in it without running it.
//!
//! The client that pushes and the registry that shows packs share these words.

#![forbid(unsafe_code)]

mod description;

pub use description::{Description, DescriptionError, Rule};

/// The type of the config of such an artifact.
pub const CONFIG_MEDIA_TYPE: &str = "application/vnd.wasm.config.v0+json";
/// The type of its one layer: the component.
pub const COMPONENT_MEDIA_TYPE: &str = "application/wasm";
/// The type of an artifact that is entries of a list, in one layer; its config is empty.
pub const LIST_ARTIFACT_TYPE: &str = "application/vnd.lanner.list.v1";
/// The type of an empty config, `{}`, as OCI has it.
pub const EMPTY_MEDIA_TYPE: &str = "application/vnd.oci.empty.v1+json";
/// The types of such a layer: entries one a line, a table, and JSON.
pub const LIST_MEDIA_TYPES: [&str; 3] = ["text/plain", "text/csv", "application/json"];
/// The annotation of the manifest that holds the [`Description`], as JSON.
pub const DESCRIPTION_ANNOTATION: &str = "dev.lanner.pack.description";
