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
/// The annotation of the manifest that holds the [`Description`], as JSON.
pub const DESCRIPTION_ANNOTATION: &str = "dev.lanner.pack.description";
