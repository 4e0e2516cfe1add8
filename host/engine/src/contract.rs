//! The contract's host side, generated from `sdk/wit`, and the check that a component speaks it.

use wasmtime::StoreContextMut;
use wasmtime::component::{Component, Linker, WasmList};

use super::instance::PackState;
use super::refusal::Refusal;

mod bindings {
    #![allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]
    wasmtime::component::bindgen!({ path: "../../sdk/wit", world: "pack" });
}

pub(crate) use bindings::lanner::pack::host as imports;
pub(crate) use bindings::lanner::pack::host::Level;
pub(crate) use bindings::{Pack, PackPre};

/// What a component exports and imports, by the names of the interfaces.
#[derive(Clone, Default, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Interfaces {
    /// What it offers.
    pub exports: Vec<String>,
    /// What it needs.
    pub imports: Vec<String>,
}

impl Interfaces {
    /// Of this component.
    pub(super) fn of(component: &Component) -> Self {
        let engine = component.engine();
        let kind = component.component_type();
        let exports = kind.exports(engine).map(|(name, _)| name.to_owned()).collect();
        let imports = kind.imports(engine).map(|(name, _)| name.to_owned()).collect();
        Self { exports, imports }
    }
}

/// The contract's package, as import and export names begin.
const PACKAGE: &str = "lanner:pack/";
/// The version this host speaks.
pub(crate) const VERSION: &str = "2.0.0";

/// Refuses a component of another world, with a sentence that says in what it differs. What passes may still differ
/// in a type; instantiation finds that.
pub(crate) fn check(component: &Component) -> Result<(), Refusal> {
    let engine = component.engine();
    let kind = component.component_type();
    let expected = format!("{PACKAGE}rules@{VERSION}");
    let exports: Vec<&str> = kind.exports(engine).map(|(name, _)| name).collect();
    if !exports.iter().any(|name| same_track(name, &expected)) {
        let theirs = exports.iter().find(|name| name.starts_with(&format!("{PACKAGE}rules")));
        return Err(match theirs {
            Some(name) => Refusal::ContractVersion { found: (*name).to_owned(), expected },
            None => Refusal::OtherWorld { expected, found: exports.iter().map(|name| (*name).to_owned()).collect() },
        });
    }
    let offered = ["host", "lists"].map(|name| format!("{PACKAGE}{name}@{VERSION}"));
    for (import, _) in kind.imports(engine) {
        if !offered.iter().any(|offered| same_track(import, offered)) {
            return Err(Refusal::Import { name: import.to_owned() });
        }
    }
    Ok(())
}

/// Lets packs ask for lists. Not generated: the value is looked at where it lies in the pack's memory, and never copied.
pub(crate) fn add_lists(linker: &mut Linker<PackState>) -> wasmtime::Result<()> {
    let contains = |context: StoreContextMut<'_, PackState>, (list, value): (u32, WasmList<u8>)| {
        let value = value.as_le_slice(&context);
        Ok((context.data().is_listed(list, value),))
    };
    linker.instance(&format!("{PACKAGE}lists@{VERSION}"))?.func_wrap("contains", contains)
}

/// Whether two versioned names are the same but for the minor and patch version.
fn same_track(name: &str, expected: &str) -> bool {
    let split = |name: &str| {
        let (interface, version) = name.split_once('@')?;
        let major = version.split('.').next()?;
        Some((interface.to_owned(), major.to_owned()))
    };
    split(name).is_some() && split(name) == split(expected)
}

#[cfg(test)]
mod tests {
    use super::same_track;

    #[test]
    fn the_major_version_is_the_track() {
        assert!(same_track("lanner:pack/rules@2.3.0", "lanner:pack/rules@2.0.0"));
        assert!(!same_track("lanner:pack/rules@1.0.0", "lanner:pack/rules@2.0.0"));
        assert!(!same_track("lanner:pack/rules", "lanner:pack/rules@2.0.0"));
        assert!(!same_track("wasi:io/poll@2.0.0", "lanner:pack/rules@2.0.0"));
    }
}
