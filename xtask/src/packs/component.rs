//! From a core module to a component.

use anyhow::{Context as _, Result, bail};
use wit_component::{ComponentEncoder, DecodedWasm};
use wit_parser::{Resolve, WorldKey};

/// The contract's package, whatever its version; the host checks that when it loads the pack.
const PACKAGE: (&str, &str) = ("lanner", "pack");
/// What a pack may import of it.
const IMPORT: &str = "host";
/// What it must export.
const EXPORT: &str = "rules";

/// Wraps the module, in which the bindings have left a description of its interface.
pub(super) fn encode(module: &[u8]) -> Result<Vec<u8>> {
    let component = ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(ComponentEncoder::encode)
        .context("a pack may import nothing but lanner:pack/host (no WASI either)")?;
    check(&component)?;
    Ok(component)
}

fn check(component: &[u8]) -> Result<()> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
        bail!("it is a package of interfaces and no component");
    };
    let world = &resolve.worlds[world];
    let names = |keys: Vec<&WorldKey>| keys.into_iter().map(|key| resolve.name_world_key(key)).collect::<Vec<_>>();
    let foreign = world.imports.keys().filter(|key| !is_of_contract(&resolve, key, IMPORT)).collect::<Vec<_>>();
    if !foreign.is_empty() {
        bail!("it imports {}; a pack may import nothing but lanner:pack/host", names(foreign).join(", "));
    }
    if !world.exports.keys().any(|key| is_of_contract(&resolve, key, EXPORT)) {
        bail!("it does not export lanner:pack/rules; the SDK's `export_pack!` does that");
    }
    Ok(())
}

fn is_of_contract(resolve: &Resolve, key: &WorldKey, interface_name: &str) -> bool {
    let WorldKey::Interface(id) = key else { return false };
    let interface = &resolve.interfaces[*id];
    let package = interface.package.map(|package| &resolve.packages[package].name);
    package.is_some_and(|package| (package.namespace.as_str(), package.name.as_str()) == PACKAGE)
        && interface.name.as_deref().is_some_and(|name| name == interface_name)
}

#[cfg(test)]
mod tests {
    use wit_component::{StringEncoding, embed_component_metadata};
    use wit_parser::Resolve;

    use super::encode;

    const CONTRACT: &str = "
        package lanner:pack@2.0.0;
        interface host { enum level { debug } log: func(level: level); }
        interface rules { tick: func(now: u64); }
        interface clock { now: func() -> u64; }";
    const LOG: &str = r#"(import "lanner:pack/host@2.0.0" "log" (func (param i32)))"#;
    const CLOCK: &str = r#"(import "lanner:pack/clock@2.0.0" "now" (func (result i64)))"#;
    const PROC_EXIT: &str = r#"(import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))"#;
    const TICK: &str = r#"(func (export "lanner:pack/rules@2.0.0#tick") (param i64))"#;

    /// A module with these fields, and with the description of its world as bindings leave it.
    fn module(world: &str, fields: &[&str]) -> Vec<u8> {
        let mut resolve = Resolve::default();
        let contract = format!("{CONTRACT} world pack {{ {world} }}");
        let package = resolve.push_str("test.wit", &contract).expect("good WIT");
        let world = resolve.select_world(&[package], Some("pack")).expect("the world");
        let mut module = wat::parse_str(format!("(module {})", fields.join(" "))).expect("good WAT");
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).expect("embedded");
        module
    }

    fn refusal(module: &[u8]) -> String {
        format!("{:#}", encode(module).expect_err("refused"))
    }

    #[test]
    fn a_pack_is_what_the_contract_says() {
        encode(&module("import host; export rules;", &[LOG, TICK])).expect("a component");
    }

    #[test]
    fn a_foreign_import_is_named() {
        let said = refusal(&module("import host; import clock; export rules;", &[LOG, CLOCK, TICK]));
        assert!(said.contains("it imports lanner:pack/clock@2.0.0;"), "{said}");
    }

    #[test]
    fn an_import_that_no_bindings_made_is_named() {
        let said = refusal(&module("import host; export rules;", &[PROC_EXIT, TICK]));
        assert!(said.contains("`wasi_snapshot_preview1`") && said.contains("no WASI"), "{said}");
    }

    #[test]
    fn a_pack_exports_rules() {
        let said = refusal(&module("import host;", &[LOG]));
        assert!(said.contains("does not export lanner:pack/rules"), "{said}");
        let said = refusal(&wat::parse_str("(module)").expect("good WAT"));
        assert!(said.contains("does not export lanner:pack/rules"), "{said}");
    }
}
